"""What somebody may try against a lab that is open to everybody. Each says so if it succeeded."""

from __future__ import annotations

import http.client
import json
import pickle
import secrets
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from struct import pack
from urllib.parse import quote, urlsplit

import cv2
import numpy as np

CANARY = "CANARY-7f3a91"  # stands in files and in the environment; never in an answer
COLOUR = (12, 200, 77)  # of the picture that was never uploaded
_SECRETS = (CANARY.encode(), b"root:x:0:0", b"HF_TOKEN=")


class Answer:
    """What came back: the status, the headers, the body."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Target:
    """A lab under attack.

    Attributes:
        address: Where it listens.
        folder: Where it keeps its files.
        picture: A picture of its machine that was never uploaded.
    """

    address: str
    folder: Path
    picture: Path

    def ask(
        self, method: str, path: str, body: bytes | None = None, seconds: float = 60, **headers: str
    ) -> Answer:
        """One request; the path goes out as it stands."""
        line = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=seconds)
        line._validate_path = lambda url: None  # attackers send what is no address, too
        try:
            line.request(method, path, body, headers)
            came = line.getresponse()
            named = {name.lower(): value for name, value in came.getheaders()}
            return Answer(came.status, named, came.read())
        except (http.client.HTTPException, UnicodeError, OSError) as error:
            return Answer(0, {}, repr(error).encode())
        finally:
            line.close()

    def post(self, path: str, document: object) -> Answer:
        body = json.dumps(document).encode()
        return self.ask("POST", path, body, **{"Content-Type": "application/json"})

    def upload(self, name: str, data: bytes, kind: str = "image/png") -> Answer:
        fence = secrets.token_hex(8)
        head = f'--{fence}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        body = (
            f"{head}Content-Type: {kind}\r\n\r\n".encode() + data + f"\r\n--{fence}--\r\n".encode()
        )
        header = {"Content-Type": f"multipart/form-data; boundary={fence}"}
        return self.ask("POST", "/gradio_api/upload", body, **header)

    def uploaded(self, name: str, data: bytes, kind: str = "image/png") -> dict[str, object]:
        answer = self.upload(name, data, kind)
        assert answer.status == 200, answer.text
        return {"path": json.loads(answer.body)[0], "meta": {"_type": "gradio.FileData"}}

    def call(self, name: str, *values: object) -> str:
        """An endpoint as any program calls it, with its defaults: all that it answered."""
        asked = self.post(f"/gradio_api/call/{name}", {"data": self.filled(name, values)})
        if asked.status != 200:
            return asked.text
        event = json.loads(asked.body)["event_id"]
        return self.ask("GET", f"/gradio_api/call/{name}/{event}").text

    def filled(self, name: str, values: Sequence[object]) -> list[object]:
        """The values of a call, the rest as the lab proposes it."""
        config = self.config
        kinds = {each["id"]: each for each in config["components"]}
        known = [each for each in config["dependencies"] if each["api_name"] == name]
        inputs = known[0]["inputs"] if known else []
        rest = [kinds[number]["props"].get("value") for number in inputs[len(values) :]]
        return [*values, *rest]

    def event(self, number: int, values: list[object], session: str = "") -> str:
        """An event of a page, as the page itself sends it: all that it answered."""
        session = session or secrets.token_hex(6)
        told = {"data": values, "fn_index": number, "session_hash": session}
        asked = self.post("/gradio_api/queue/join", told)
        if asked.status != 200:
            return asked.text
        return self.ask("GET", f"/gradio_api/queue/data?session_hash={session}").text

    @cached_property
    def config(self) -> dict[str, object]:
        return json.loads(self.ask("GET", "/config").body)

    def served(self, text: str) -> Iterator[bytes]:
        """Every file that an answer leads to."""
        for part in text.split('"'):
            if "/gradio_api/file=" in part:
                path = part[part.index("/gradio_api/file=") :]
                yield self.ask("GET", quote(path, safe="/=%")).body


def picture(colour: tuple[int, int, int] = (90, 120, 160), side: int = 24) -> bytes:
    """A small picture as PNG."""
    return cv2.imencode(".png", np.full((side, side, 3), colour[::-1], np.uint8))[1].tobytes()


def betrays(body: bytes) -> bool:
    """Whether an answer holds what was not meant for anybody."""
    if any(secret in body for secret in _SECRETS):
        return True
    if not body.startswith(b"\x89PNG"):
        return False
    pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    return pixels is not None and np.abs(pixels.mean((0, 1))[::-1] - COLOUR).max() < 12


# ---- paths that lead out ------------------------------------------------------------------------

_DOORS = (
    "/gradio_api/file={}", "/gradio_api/file/{}", "/file={}", "/static/{}", "/assets/{}",
    "/svelte/{}", "/gradio_api/stream/a/b/{}/playlist.m3u8", "/gradio_api/custom_component/{}",
    "/gradio_api/proxy={}", "/pwa_icon/{}", "/monitoring/{}", "/theme.css/{}",
)  # fmt: skip


def traversals(target: Target) -> list[str]:
    """Requests for files of the machine, each disguised in its own way."""
    up = "../" * 9
    ways = [
        f"{up}etc/passwd", "/etc/passwd", "//etc/passwd", "/./etc/./passwd", "file:///etc/passwd",
        quote(up, safe="") + "etc%2fpasswd", up.replace(".", "%2e") + "etc/passwd",
        quote(quote(up, safe=""), safe="") + "etc%252fpasswd",
        up.replace("/", "\\") + "etc\\passwd",
        "....//" * 9 + "etc/passwd", "..;/" * 9 + "etc/passwd", "..%c0%af" * 9 + "etc/passwd",
        "%c0%ae%c0%ae/" * 9 + "etc/passwd", "/etc/passwd%00.png", "/etc/passwd\x00.png",
        "/proc/self/environ", "/proc/self/root/etc/passwd", "/proc/1/environ", "/dev/fd/0",
        "~root/.bashrc", "~/.cache", f"{target.picture}", quote(str(target.picture), safe=""),
        f"{target.folder}/{up}etc/passwd", f"{target.folder}/", f"{target.folder}",
        f"{target.folder}/..", f"{target.folder.parent}/log", f"{target.folder.parent}/./log",
    ]  # fmt: skip
    return [door.format(way) for door in _DOORS for way in ways]


def read_files(target: Target) -> None:
    for path in traversals(target):
        assert not betrays(target.ask("GET", path).body), path


def name_files(target: Target) -> None:
    """Photos whose names lead out of the folder they are laid into."""
    out = [f"../../{CANARY}.png", f"..%2f..%2f{CANARY}.png", f"/tmp/{CANARY}.png", "..\\..\\x.png"]
    for name in [*out, "....//x.png", "x\x00.png", ".", "..", "~", "con.png", "a" * 400 + ".png"]:
        answer = target.upload(name, picture())
        if answer.status == 200:
            path = Path(json.loads(answer.body)[0]).resolve()
            assert path.is_relative_to(target.folder.resolve()), name
    assert not list(Path("/tmp").glob(f"{CANARY}*")), "a name led out"


# ---- files that were never uploaded -------------------------------------------------------------


def forged(path: str) -> list[object]:
    """A value that claims to be an uploaded file, in each form Gradio knows."""
    mark = {"_type": "gradio.FileData"}
    one = {"path": path, "meta": mark}
    return [one, {"path": path}, [one], {"path": path, "url": path, "meta": mark, "is_file": True},
            {"image": one}, {"images": [{"file": {"path": path}, "name": "x"}]}, path]  # fmt: skip


def forge_files(target: Target, forms: int = 1, whole: bool = False) -> None:
    """Put a file of the machine into every event of every page; once for each kind of event."""
    config = target.config
    kinds = {each["id"]: each for each in config["components"]}
    events = {str(each["api_name"]).rstrip("_0123456789"): each for each in config["dependencies"]}
    for event in config["dependencies"] if whole else events.values():
        names = [kinds[number]["type"] for number in event["inputs"]]
        if not {"file", "html", "uploadbutton", "downloadbutton", "image", "json"} & set(names):
            continue
        for form in range(forms):
            values = [
                forged(str(target.picture))[form]
                if kind in ("file", "html", "uploadbutton", "downloadbutton", "image", "json")
                else kinds[number]["props"].get("value")
                for kind, number in zip(names, event["inputs"], strict=True)
            ]
            told = target.event(event["id"], values)
            assert CANARY not in told, (event["id"], event["api_name"], told[:300])
            for body in target.served(told):
                assert not betrays(body), (event["id"], event["api_name"])


def forge_calls(target: Target) -> None:
    """The same over the endpoints for programs."""
    for name in ("upscale", "inspect", "degrade", "compare"):
        for value in forged(str(target.picture)):
            told = target.call(name, value)
            assert CANARY not in told, (name, value, told[:300])
            for body in target.served(told):
                assert not betrays(body), (name, value)


# ---- addresses to be fetched --------------------------------------------------------------------

ADDRESSES = (
    "http://{}/x.png", "https://{}/x.png", "HTTP://{}/x.png", "http:/{}/x.png", "http:///{}/x.png",
    "ftp://{}/x.png", "//{}/x.png", "http://user@{}/x.png", "http://169.254.169.254/latest/x.png",
    "http://[::1]/x.png", "http://0x7f000001/x.png", "http://2130706433/x.png",
    "http://localhost/x.png", "http://127.1/x.png", "http://metadata.google.internal/x.png",
    "gopher://{}/x.png", "data:image/png;base64,AAAA", "http%3a%2f%2f{}%2fx.png",
)  # fmt: skip


class Listener:
    """Counts who comes."""

    def __enter__(self) -> Listener:
        self.came = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.netloc = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._count, daemon=True).start()
        return self

    def _count(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self.came += 1
            line.close()

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def have_fetched(target: Target) -> None:
    """Have the lab fetch an address: it must refuse before it looks where that leads."""
    with Listener() as listener:
        for form in ADDRESSES:
            address = form.format(listener.netloc)
            for door in ("/gradio_api/file={}", "/gradio_api/proxy={}"):
                answer = target.ask("GET", door.format(address))
                assert answer.status in (0, 403, 404), (address, answer.status)
                if not address.startswith("//"):
                    assert b"E001" in answer.body, (door, address, answer.text[:200])
            if form.partition(":")[0].lower() in ("http", "https", "ftp"):
                for value in forged(address)[:4]:
                    told = target.call("upscale", value)
                    assert "E001" in told and listener.netloc not in told, (address, told[:200])
        for model in (f"http://{listener.netloc}/m.safetensors", "ada/stranger", "/etc/passwd"):
            told = target.call("upscale", target.uploaded("a.png", picture()), model)
            assert "E208" in told or "E608" in told, told[:200]
        assert listener.came == 0, "the lab went there"


# ---- what is no picture, or too much of one -----------------------------------------------------


class _Run:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (print, (CANARY,))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes that claims 3,600 megapixels."""
    head = _chunk(b"IHDR", pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = _chunk(b"IDAT", zlib.compress(bytes(10_000)))
    return b"\x89PNG\r\n\x1a\n" + head + data + _chunk(b"IEND", b"")


def lies() -> dict[str, bytes]:
    """Files that are not what their names and kinds say."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><script>alert("{CANARY}")</script></svg>'
    entity = (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg>&b;</svg>'
    )
    return {
        "page": b"<!doctype html><script>alert(1)</script>",
        "svg": svg.encode(),
        "entity": entity.encode(),
        "pickle": pickle.dumps(_Run()),
        "zip": b"PK\x03\x04" + bytes(60),
        "elf": b"\x7fELF" + bytes(60),
        "pdf": b"%PDF-1.7\n1 0 obj\n",
        "script": b"#!/bin/sh\ntouch /tmp/" + CANARY.encode(),
        "empty": b"",
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n",
        "mvg": b"push graphic-context\nimage over 0,0 0,0 'url(http://127.0.0.1/)'\n",
        "cut": picture()[:40],
        "noise": b"\x89PNG\r\n\x1a\n" + bytes(range(200)),
    }


def lie_about_kinds(target: Target) -> None:
    for name, data in lies().items():
        told = target.call("upscale", target.uploaded(f"{name}.png", data))
        assert "event: error" in told and '"error": "E1' in told, (name, told[:200])
        assert CANARY not in told
    assert not Path(f"/tmp/{CANARY}").exists()


def send_bombs(target: Target) -> None:
    """Pictures that would fill the memory, refused for what their headers claim."""
    for side in ((60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1), (5_000, 5_000)):
        told = target.call("upscale", target.uploaded("bomb.png", bomb(*side)))
        assert "E106" in told, (side, told[:200])


def send_too_much(target: Target) -> None:
    """More than 64 MB; nothing of it stays."""
    answer = target.upload("large.png", bytes(66 << 20))
    assert answer.status == 413, answer.status
    kept = [path for path in target.folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if path.stat().st_size > 60 << 20]


def send_slowly(target: Target, senders: int = 30) -> None:
    """Many who send a byte now and then: others are served meanwhile."""
    lines = []
    head = b"POST /gradio_api/upload HTTP/1.1\r\nHost: lab\r\nContent-Length: 1000000\r\n"
    head += b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    place = urlsplit(target.address)
    try:
        for _ in range(senders):
            line = socket.create_connection((place.hostname, place.port), timeout=30)
            line.sendall(head)
            lines.append(line)
        started = time.monotonic()
        told = target.call("list_models")
        assert "lab-x4" in told and time.monotonic() - started < 20
        assert target.upload("quick.png", picture()).status == 200
    finally:
        for line in lines:
            line.close()


# ---- scripts ------------------------------------------------------------------------------------

SCRIPTS = (
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "javascript:alert(1)",
    '"><svg onload=alert(1)>', "'-alert(1)-'", "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}", "</textarea><script>alert(1)</script>", "<iframe srcdoc=x>", "‮gnp.exe",
)  # fmt: skip


def scripted_picture(script: str) -> bytes:
    """A picture whose every note holds a script."""
    plain = picture()
    texts = b"".join(
        _chunk(b"tEXt", key + b"\0" + script.encode("latin-1", "replace"))
        for key in (b"Title", b"Author", b"Description", b"Comment", b"Software")
    )
    xmp = _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + script.encode())
    return plain[:33] + texts + xmp + plain[33:]


def serve_scripts(target: Target) -> None:
    """Uploads that a browser would run if the lab gave them back as what they are."""
    for name in ("page.html", "drawing.svg", "script.js", "page.xhtml", "page.xml", "x.png.html"):
        answer = target.upload(name, lies()["svg"], "text/html")
        if answer.status != 200:
            continue
        path = json.loads(answer.body)[0]
        got = target.ask("GET", "/gradio_api/file=" + quote(path))
        kind = got.headers.get("content-type", "")
        laid = got.headers.get("content-disposition", "")
        assert got.status != 200 or laid.startswith("attachment"), (name, laid)
        assert not kind.startswith(("text/html", "image/svg", "text/xml", "application/x")), kind
        assert got.headers.get("x-content-type-options") == "nosniff"


def answer_with_scripts(target: Target) -> None:
    """A script in every field of every event: no HTML that comes back holds it as such."""
    config = target.config
    kinds = {each["id"]: each for each in config["components"]}
    script = SCRIPTS[0]
    for event in config["dependencies"]:
        names = [kinds[number]["type"] for number in event["inputs"]]
        if "textbox" not in names or event["types"]["cancel"]:
            continue
        values = [
            script if kind == "textbox" else kinds[number]["props"].get("value")
            for kind, number in zip(names, event["inputs"], strict=True)
        ]
        for line in target.event(event["id"], values).splitlines():
            told = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            shown = (told.get("output") or {}).get("data") or []
            for number, value in zip(event["outputs"], shown, strict=False):
                if kinds[number]["type"] in ("html", "markdown"):
                    assert script not in json.dumps(value), (event["id"], event["api_name"])


def refuse_in_text(target: Target) -> None:
    """A refusal repeats a name as text only, and no page loads anything from elsewhere."""
    answer = target.ask("GET", "/")
    policy = answer.headers.get("content-security-policy", "")
    assert "default-src 'self'" in policy and "connect-src 'self'" in policy
    assert "http:" not in policy and "*" not in policy
    for script in SCRIPTS:
        page = target.ask("GET", "/?model=" + quote(script) + "&photo=" + quote(script)).text
        assert script not in page or "<" not in script, script


# ---- what belongs to another visitor ------------------------------------------------------------


def read_others(target: Target) -> None:
    """Look for another visitor's photo, by every address that can be guessed."""
    name = "a photo of mine.png"
    theirs = target.uploaded(name, picture(COLOUR))
    path = Path(str(theirs["path"]))
    session = secrets.token_hex(6)
    target.post("/gradio_api/queue/join", {"data": [theirs, "lab-x4", 4], "fn_index": 0,
                                           "session_hash": session})  # fmt: skip
    guesses = [name, f"{path.parent.name}/{name}", f"{path.parent.parent.name}/{name}",
               f"gradio/{path.parent.name}/{name}", f"/tmp/gradio/{path.parent.name}/{name}",
               f"{path.parent}", f"{path.parent}/", f"{path.parent.parent}", f"{path.parent}/*",
               f"{path}/..", f"{target.folder}/{path.parent.name}/{name}"]  # fmt: skip
    for guess in guesses:
        for door in _DOORS[:4]:
            assert not betrays(target.ask("GET", door.format(quote(guess))).body), guess
    stranger = secrets.token_hex(6)
    for place in ("queue/data", "heartbeat"):
        for who in (stranger, "", "null", "*", f"{session[:-1]}x"):
            address = f"/gradio_api/{place}?session_hash={who}"
            if place == "heartbeat":
                continue
            assert CANARY.encode() not in target.ask("GET", address, seconds=10).body
    for token in ("", "0", "../" + name, secrets.token_urlsafe()):
        assert not betrays(target.ask("GET", f"/?photo={quote(token)}").body)


def look_behind(target: Target) -> None:
    """Doors for owners and developers."""
    for path in (
        "/monitoring", "/monitoring/summary", "/gradio_api/runs", "/gradio_api/vibe-code",
        "/gradio_api/profiling/traces", "/gradio_api/dev/reload", "/gradio_api/deep_link",
        "/gradio_api/run-history/records", "/gradio_api/openapi.json", "/docs", "/redoc",
        "/gradio_api/token", "/.env", "/.git/config", "/server-status", "/metrics",
    ):  # fmt: skip
        answer = target.ask("GET", path, seconds=10)
        assert not betrays(answer.body), path
        assert "/dev/reload" not in path or answer.status == 404, path


def overfill_the_line(target: Target, visitors: int = 60) -> None:
    """More jobs than there is room for: those over the bound are told so, at once."""
    photo = target.uploaded("busy.png", picture(side=200))
    values = target.filled("upscale", [photo, "lab-x4", 8])
    asked = [target.post("/gradio_api/call/upscale", {"data": values}) for _ in range(visitors)]
    told: list[str] = []

    def hear(event: str) -> None:
        told.append(target.ask("GET", f"/gradio_api/call/upscale/{event}", seconds=5).text)

    events = [json.loads(each.body)["event_id"] for each in asked]
    threads = [threading.Thread(target=hear, args=(event,), daemon=True) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum("E010" in each for each in told) >= 10, "nobody was turned away"


def stay_too_long(target: Target) -> None:
    """With the clock moved: what was sent is gone at the keeper's next round."""
    path = Path(str(target.uploaded("old.png", picture())["path"]))
    for _ in range(100):
        if not path.exists():
            return
        time.sleep(0.1)
    raise AssertionError("it is still there")


ATTACKS: dict[str, Callable[[Target], None]] = {
    "files of the machine, by address": read_files,
    "names that lead out": name_files,
    "files never uploaded, in every event": forge_files,
    "files never uploaded, by programs": forge_calls,
    "addresses to be fetched": have_fetched,
    "files that are no pictures": lie_about_kinds,
    "pictures that fill the memory": send_bombs,
    "uploads too large": send_too_much,
    "uploads too slow": send_slowly,
    "uploads that a browser would run": serve_scripts,
    "scripts in fields": answer_with_scripts,
    "scripts in addresses": refuse_in_text,
    "another visitor's pictures": read_others,
    "doors for owners": look_behind,
}
