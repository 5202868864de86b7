"""Downloads against a real HTTP server on this machine that cuts, lies, stalls and fails."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from realesr.downloads import cache_folder, fetch, file_digest
from realesr.errors import ModelError, NetworkError, RealesrError, ResourceError

BODY = np.random.default_rng(0).bytes(700_000)
DIGEST = hashlib.sha256(BODY).hexdigest()
KNOWN = {"sha256": DIGEST, "size": len(BODY)}
OTHER = bytes(reversed(BODY))

Answer = Callable[["Server", "Handler", int], None]


class Server(ThreadingHTTPServer):
    """Answers request number n (from 0) with ``answers[n]``, the last one again and again."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *answers: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.ranges: list[str | None] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/model.pth"

    def handle_error(self, request, client_address):
        """A client that went away is part of these tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        with self.server.lock:
            number = len(self.server.ranges)
            self.server.ranges.append(self.headers.get("Range"))
        answers = self.server.answers
        answers[min(number, len(answers) - 1)](self.server, self, number)
        self.close_connection = True

    def log_message(self, *_) -> None:
        """Nothing on the terminal."""

    def start(self) -> int:
        asked = self.headers.get("Range")
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0

    def head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()


def good(body: bytes = BODY, *, tag: str = '"one"', until: int | None = None) -> Answer:
    """Everything asked for, with ranges; cut after byte ``until``."""

    def answer(_: Server, handler: Handler, number: int) -> None:
        start = handler.start()
        if start and handler.headers.get("If-Range", tag) != tag:
            start = 0
        if start >= len(body):
            return handler.head(416, 0)
        if start:
            span = f"bytes {start}-{len(body) - 1}/{len(body)}"
            handler.head(206, len(body) - start, Content_Range=span, ETag=tag)
        else:
            handler.head(200, len(body), ETag=tag)
        handler.wfile.write(body[start:until])

    return answer


def cut(until: int, body: bytes = BODY, *, tag: str = '"one"') -> Answer:
    return good(body, tag=tag, until=until)


def no_ranges(body: bytes = BODY, until: int | None = None) -> Answer:
    def answer(_: Server, handler: Handler, number: int) -> None:
        handler.head(200, len(body))
        handler.wfile.write(body[:until])

    return answer


def status(code: int, **headers: str) -> Answer:
    return lambda _server, handler, _number: handler.head(code, 0, **headers)


def no_length(_: Server, handler: Handler, number: int) -> None:
    handler.head(200, None, Connection="close")
    handler.wfile.write(BODY[:1000])


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    running = []

    def start(*answers: Answer) -> Server:
        server = Server(*answers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    for name in ("SPACE_ID", "HF_HUB_OFFLINE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept(cache: Path) -> set[str]:
    """Names of what lies in the cache, without the lock."""
    return {p.name for p in cache.rglob("*") if p.is_file() and p.suffix != ".lock"}


def refusal(kind: type[RealesrError], code: str, url: str, **promise) -> RealesrError:
    with pytest.raises(kind) as caught:
        fetch(url, **{**KNOWN, **promise})
    assert caught.value.code == code
    assert caught.value.cause.endswith(".") and caught.value.next_step
    return caught.value


def test_a_file_is_fetched_once_and_then_comes_from_the_cache(serve, cache):
    server = serve(good())
    seen: list[tuple[int, int | None]] = []
    path = fetch(server.url, **KNOWN, progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == BODY and path.name == "model.pth"
    assert cache in path.parents and kept(cache) == {"model.pth"}
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert fetch(server.url, **KNOWN) == path
    assert server.ranges == [None]


def test_a_chosen_folder_is_used(serve, tmp_path):
    assert fetch(serve(good()).url, **KNOWN, folder=tmp_path / "x") == tmp_path / "x" / "model.pth"


def test_two_addresses_with_one_file_name_do_not_meet(serve):
    first = fetch(serve(good()).url, **KNOWN)
    second = fetch(serve(good(OTHER)).url, sha256=None, size=None)
    assert first.read_bytes() == BODY and second.read_bytes() == OTHER


@pytest.mark.parametrize("promise", [KNOWN, {"sha256": None, "size": None}])
def test_a_cut_connection_goes_on_where_it_stopped(serve, promise):
    server = serve(cut(200_000), cut(450_000), good())
    assert fetch(server.url, **promise).read_bytes() == BODY
    assert server.ranges == [None, "bytes=200000-", "bytes=450000-"]


def test_a_server_without_ranges_starts_over(serve):
    server = serve(no_ranges(until=300_000), no_ranges())
    assert fetch(server.url, **KNOWN).read_bytes() == BODY
    assert server.ranges == [None, "bytes=300000-"]


def test_a_file_that_changed_on_the_way_starts_over(serve):
    server = serve(cut(300_000, OTHER, tag='"old"'), good(tag='"new"'))
    assert fetch(server.url, sha256=None, size=None).read_bytes() == BODY


def test_two_halves_of_different_files_are_noticed_by_the_checksum(serve, cache):
    # The server forgets to mark its versions: only the sha256 can tell.
    server = serve(cut(300_000, OTHER, tag=""), good(tag=""))
    with pytest.raises(ModelError, match="E206"):
        fetch(server.url, **KNOWN)
    assert kept(cache) == set()
    assert fetch(server.url, **KNOWN).read_bytes() == BODY


def test_a_part_left_by_a_killed_process_is_gone_on_with(serve, tmp_path):
    (tmp_path / "model.pth.part").write_bytes(BODY[:500_000])
    server = serve(good())
    assert fetch(server.url, **KNOWN, folder=tmp_path).read_bytes() == BODY
    assert server.ranges == ["bytes=500000-"]


@pytest.mark.parametrize("left", [OTHER[:500_000], OTHER, OTHER + OTHER], ids=len)
def test_a_wrong_part_left_behind_is_thrown_away(serve, tmp_path, left):
    (tmp_path / "model.pth.part").write_bytes(left)
    assert fetch(serve(good()).url, **KNOWN, folder=tmp_path).read_bytes() == BODY


def test_a_complete_part_left_behind_needs_no_network(serve, tmp_path):
    (tmp_path / "model.pth.part").write_bytes(BODY)
    server = serve(status(500))
    assert fetch(server.url, **KNOWN, folder=tmp_path).read_bytes() == BODY
    assert server.ranges == []


def test_without_a_checksum_no_part_is_trusted(serve, tmp_path):
    (tmp_path / "model.pth.part").write_bytes(OTHER[:1000])
    server = serve(good())
    assert fetch(server.url, sha256=None, size=None, folder=tmp_path).read_bytes() == BODY
    assert server.ranges == [None]


def test_server_trouble_that_passes_is_waited_for(serve):
    server = serve(status(503), status(429), good())
    assert fetch(server.url, **KNOWN).read_bytes() == BODY


def test_server_trouble_that_stays_is_named(serve, cache):
    fault = refusal(NetworkError, "E605", serve(status(503)).url)
    assert "503" in fault.cause and fault.exit_code == 6
    assert "REALESR_WEIGHTS" in fault.next_step
    assert kept(cache) == set()


@pytest.mark.parametrize("code", [403, 404, 410])
def test_a_missing_file_is_not_asked_for_again(serve, code):
    server = serve(status(code))
    assert str(code) in refusal(NetworkError, "E605", server.url).cause
    assert len(server.ranges) == 1


def test_nobody_listening():
    refusal(NetworkError, "E605", "http://127.0.0.1:9/model.pth")


def test_wrong_bytes_are_refused_and_not_kept(serve, cache):
    fault = refusal(ModelError, "E206", serve(good(OTHER)).url)
    assert DIGEST[:12] in fault.cause and hashlib.sha256(OTHER).hexdigest()[:12] in fault.cause
    assert kept(cache) == set()


@pytest.mark.parametrize("sent", [BODY[:-1], BODY + b"x"], ids=["short", "long"])
def test_a_wrong_length_is_refused_before_the_bytes_come(serve, cache, sent):
    fault = refusal(ModelError, "E206", serve(good(sent)).url)
    assert f"{len(sent):,}" in fault.cause and f"{len(BODY):,}" in fault.cause
    assert kept(cache) == set()


def test_a_file_damaged_in_the_cache_is_fetched_again(serve, caplog):
    server = serve(good())
    path = fetch(server.url, **KNOWN)
    path.write_bytes(OTHER)
    assert fetch(server.url, **KNOWN).read_bytes() == BODY
    assert "fetching it again" in caplog.text


def test_an_answer_without_a_length_is_no_file(serve, cache):
    refusal(NetworkError, "E605", serve(no_length).url, sha256=None, size=None)
    assert not {name for name in kept(cache) if name.endswith("model.pth")}


def test_without_a_checksum_the_first_one_seen_is_kept_and_compared(serve, cache, caplog):
    server = serve(good(), good(OTHER))
    unknown = {"sha256": None, "size": None}
    with caplog.at_level(logging.WARNING):
        path = fetch(server.url, **unknown)
    assert caplog.text.count(DIGEST) == 1
    record = path.with_name("model.pth.sha256")
    assert record.read_text() == f"{DIGEST}  model.pth\n"
    caplog.clear()
    assert fetch(server.url, **unknown) == path and not caplog.text
    path.unlink()
    assert DIGEST[:12] in refusal(ModelError, "E206", server.url, **unknown).cause
    assert not path.exists()


def test_a_public_space_takes_nothing_unchecked(serve, monkeypatch):
    server = serve(good())
    fetch(server.url, sha256=None, size=None)
    monkeypatch.setenv("SPACE_ID", "someone/lab")
    refusal(NetworkError, "E607", server.url, sha256=None)
    assert fetch(server.url, **KNOWN).read_bytes() == BODY
    assert len(server.ranges) == 1


def test_offline_takes_the_cache_and_says_how_else(serve, monkeypatch):
    server = serve(good())
    fetch(server.url, **KNOWN)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch(server.url, **KNOWN).read_bytes() == BODY
    url = "https://example.org/RealESRNet_x4plus.pth"
    fault = refusal(NetworkError, "E604", url)
    assert url in fault.next_step and "REALESR_WEIGHTS" in fault.next_step


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.pth",
        "file:///etc/passwd",
        "ftp://127.0.0.1/a.pth",
        "http://127.0.0.1.example.org/a.pth",
        "https:///a.pth",
        "https://[bad/a.pth",
        "https://example.org/",
        "https://example.org/..",
        "https://example.org/%2e%2e%2fa.pth%00",
        "a.pth",
    ],
)
def test_other_addresses_are_refused(url):
    refusal(NetworkError, "E606", url)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://example.org/a.pth", "E606"),
        ("ftp://x/y", "E606"),
        ("file:///etc/passwd", "E605"),  # the standard library stops this one itself
    ],
)
def test_a_redirect_away_from_https_is_refused(serve, target, code):
    refusal(NetworkError, code, serve(status(302, Location=target)).url)


def test_a_redirect_is_followed_and_keeps_the_name_and_the_range(serve, tmp_path):
    behind = serve(good())
    front = serve(status(302, Location=behind.url.replace("model.pth", "blob-7")))
    (tmp_path / "model.pth.part").write_bytes(BODY[:1000])
    assert fetch(front.url, **KNOWN, folder=tmp_path).name == "model.pth"
    assert behind.ranges == ["bytes=1000-"]


def test_a_folder_that_is_a_file(serve, cache):
    cache.write_text("in the way")
    refusal(ResourceError, "E304", serve(good()).url)


def test_an_impossible_length_is_refused_before_it_comes(serve, cache):
    huge = 1 << 62
    fault = refusal(
        ModelError, "E206", serve(lambda s, h, n: h.head(200, huge)).url, sha256=None, size=None
    )
    assert f"{huge:,}" in fault.cause


def test_the_file_gets_its_name_by_a_rename(serve, tmp_path):
    """Copying would leave a moment in which half a file has the name."""
    part = tmp_path / "model.pth.part"
    seen = set()
    path = fetch(
        serve(good()).url,
        **KNOWN,
        folder=tmp_path,
        progress=lambda done, total: seen.add(part.stat().st_ino),
    )
    assert seen == {path.stat().st_ino}


def test_a_progress_that_stops_the_fetch_leaves_no_file(serve, cache):
    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(serve(good()).url, **KNOWN, progress=stop)
    assert kept(cache) <= {"model.pth.part"}


def test_the_cache_lies_where_the_person_says(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("REALESR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "realesr"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "realesr"


def test_file_digest(tmp_path):
    (tmp_path / "a").write_bytes(BODY)
    assert file_digest(tmp_path / "a") == DIGEST


def child(server: Server) -> subprocess.Popen[bytes]:
    """Another process that fetches the file."""
    code = f"""
        from realesr.downloads import fetch
        fetch({server.url!r}, sha256={DIGEST!r}, size={len(BODY)})
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], env=dict(os.environ))


def drip(_: Server, handler: Handler, number: int) -> None:
    """The whole file in 14 pieces over most of a second."""
    handler.head(200, len(BODY))
    for start in range(0, len(BODY), 50_000):
        handler.wfile.write(BODY[start : start + 50_000])
        handler.wfile.flush()
        time.sleep(0.05)


def test_two_processes_fetch_once(serve, cache):
    server = serve(drip)
    pair = [child(server), child(server)]
    assert [process.wait(60) for process in pair] == [0, 0]
    assert server.ranges == [None]
    assert kept(cache) == {"model.pth"}


def test_killed_at_any_moment_nothing_half_written_has_the_name(serve, cache):
    arrived = threading.Event()

    def stall(_: Server, handler: Handler, number: int) -> None:
        handler.head(200, len(BODY))
        handler.wfile.write(BODY[:300_000])
        arrived.set()
        handler.rfile.read(1)  # until the client is gone

    server = serve(stall, good())
    process = child(server)
    assert arrived.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert kept(cache) <= {"model.pth.part"}
    assert fetch(server.url, **KNOWN).read_bytes() == BODY
    assert kept(cache) == {"model.pth"}


@pytest.mark.slow
def test_killed_thirty_times_it_still_arrives_whole(serve, cache):
    server = serve(drip)
    pauses = np.random.default_rng(1).uniform(0.1, 1.2, 30)
    for pause in pauses:
        process = child(server)
        time.sleep(pause)
        process.kill()
        process.wait()
        whole = [path for path in cache.rglob("model.pth")]
        assert all(path.read_bytes() == BODY for path in whole)
    assert fetch(server.url, **KNOWN).read_bytes() == BODY
