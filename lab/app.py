"""The lab: wiring, settings of the server, and the program `realesr-lab`."""

from __future__ import annotations

import os

# Before Gradio is imported: it must not report anything to anybody.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import argparse
import atexit
import contextlib
import html
import logging
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from lab.api import CodedBlocks, build_api, request_handlers
from lab.api_degrade import build_degrade_api
from lab.comparing_api import build_compare
from lab.guards import Guards
from lab.keeping import OWN_SECONDS, PUBLIC_SECONDS, Keeper
from lab.line import MOST
from lab.look import theme
from lab.pages import Page
from lab.pages.compare import ComparePage
from lab.pages.degrade import DegradePage
from lab.pages.ethics import EthicsPage
from lab.pages.models import ModelsPage
from lab.pages.privacy import PrivacyPage
from lab.pages.train import TrainPage
from lab.pages.upscale import MODEL_QUEUE, UpscalePage
from lab.text import i18n, say
from lab.tours import tours_bar
from lab.visitors import Visitors
from lab.workbench import Workbench
from realesr.errors import ParameterError, RealesrError
from realesr.inference.memory import keep_freed_memory, share_processors

FURTHER_PAGES: dict[str, Callable[[Workbench, Path, Visitors], Page]] = {
    "degrade": DegradePage,
    "compare": ComparePage,
    "train": TrainPage,
    "models": ModelsPage,
    "privacy": PrivacyPage,
    "ethics": EthicsPage,
}
"""Beside Upscale, which opens first: by the last part of their address, in the bar's order."""

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 7860


def build_app(bench: Workbench, folder: Path, visitors: Visitors) -> gr.Blocks:
    """The whole lab, not yet started.

    Args:
        bench: Where the work is done.
        folder: The lab's own, for the work in hand.
        visitors: Who looks at what.
    """
    with CodedBlocks(title=say("app.title"), analytics_enabled=False) as app:
        _bar()
        UpscalePage(bench, folder, visitors).build(app)
        build_api(bench, MODEL_QUEUE, folder)
        build_compare(bench, MODEL_QUEUE, folder)
        build_degrade_api(bench, folder)
        _footer("./")
    for name, page in FURTHER_PAGES.items():
        shown = name not in ("privacy", "ethics")  # the last line of every page leads there
        with app.route(say(f"pages.{name}"), f"/{name}", show_in_navbar=shown):
            _bar()
            page(bench, folder, visitors).build(app)
            _footer("./")
    return app.queue(max_size=400, default_concurrency_limit=4)


def _bar() -> None:
    gr.Navbar(main_page_name=say("pages.upscale"))
    tours_bar()


def _footer(home: str) -> None:
    """The line below every page: what results are worth, and what happens to pictures."""
    label = html.escape(say("footer.label"), quote=True)
    links = " · ".join(
        f'<a href="{home}{name}">{html.escape(say(f"footer.{name}"))}</a>'
        for name in ("ethics", "privacy")
    )
    guess = html.escape(say("footer.guess"))
    gr.HTML(f'<footer class="foot" aria-label="{label}"><p>{guess} {links}</p></footer>')


def own_folder() -> Path:
    """A new folder that only this user can open; it goes with the program, whatever is in it.

    All that visitors send and get lies in its folder ``gradio``.
    """
    parent = os.environ.get("GRADIO_TEMP_DIR")
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="realesr-lab-", dir=parent))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "gradio").mkdir()
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "gradio")
    return folder


def end_when_told() -> None:
    """Let the signal that services are stopped with end the program as Ctrl-C does."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


def server_settings(folder: Path) -> dict[str, Any]:
    """How the lab is served, wherever it is started: nothing foreign, nothing large, no footer."""
    guards = Middleware(Guards, folder=folder)
    return {
        "theme": theme(),
        "css_paths": sorted(Path(__file__).parent.glob("look*.css")),
        "i18n": i18n,
        "footer_links": [],
        "max_file_size": "64mb",
        "run_history": False,
        "enable_monitoring": False,
        "state_session_capacity": 400,
        "max_threads": 2 * MOST + 20,  # who waits for the model holds a place of Gradio's as well
        "ssr_mode": False,
        "quiet": True,
        "app_kwargs": {"exception_handlers": request_handlers(), "middleware": [guards]},
    }


def is_public() -> bool:
    """Whether this is a Hugging Face Space."""
    return bool(os.environ.get("SPACE_ID"))


def serve(
    host: str,
    port: int,
    *,
    public: bool,
    mcp: bool = False,
    clock: Callable[[], float] = time.time,
) -> None:
    """Start the lab, say where it is, warm the model up, and stay until it is stopped.

    Args:
        host: The address to listen on.
        port: The port to listen on.
        public: Whether strangers use it.
        mcp: Whether assistants may use the endpoints as tools (Model Context Protocol).
        clock: What the time is, in seconds since 1970; it decides what is too old.

    Raises:
        ParameterError: E009 when the address cannot be used.
    """
    _check_free(host, port)
    bench = Workbench(public=public, clock=clock)
    folder = own_folder()
    visitors = Visitors(folder / "gradio", forget=bench.repeats.forget)
    app = build_app(bench, folder, visitors)
    settings = server_settings(folder) | {
        "server_name": host,
        "server_port": port,
        "mcp_server": mcp,
    }
    app.launch(prevent_thread_lock=True, **settings)
    seconds = PUBLIC_SECONDS if public else OWN_SECONDS
    Keeper(folder / "gradio", seconds, [bench.repeats.look], clock).start()
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    sys.stdout.write(say("app.address", address=f"http://{shown}:{port}") + "\n")
    sys.stdout.flush()
    bench.warm_up()
    app.block_thread()


def serve_strangers() -> None:
    """What a Hugging Face Space runs: the lab with its limits for strangers."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    keep_freed_memory()
    end_when_told()
    port = int(os.environ.get("GRADIO_SERVER_PORT", DEFAULT_PORT))
    with contextlib.suppress(KeyboardInterrupt):
        serve("0.0.0.0", port, public=True)


def _check_free(host: str, port: int) -> None:
    """Refuse a port that another program holds, before anything is built."""
    try:
        if not 0 < port < 65536:
            raise OverflowError(say("error.port_range"))
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ParameterError(
            "E009",
            say("error.address", host=host, port=port, reason=reason),
            say("error.address_next"),
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """`realesr-lab [--host HOST] [--port PORT] [--mcp]`, or `realesr-lab space --repo NAME`."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["space"]:
        from lab.space import main as make_space

        return make_space(given[1:])
    parser = argparse.ArgumentParser(
        prog="realesr-lab",
        description="Open the lab in a browser. It runs on this machine and sends nothing away.",
        epilog="example: realesr-lab --port 7861; for a Space of the Hub: realesr-lab space --help",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", DEFAULT_HOST),
        help="address to listen on (default: %(default)s, this machine only)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("GRADIO_SERVER_PORT", str(DEFAULT_PORT)),
        help="port to listen on (default: %(default)s)",
    )
    parser.add_argument(
        "--mcp",
        action="store_true",
        help="let assistants use the endpoints as tools, at /gradio_api/mcp/",
    )
    chosen = parser.parse_args(given)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    share_processors()
    keep_freed_memory()
    end_when_told()
    try:
        serve(chosen.host, chosen.port, public=is_public(), mcp=chosen.mcp)
    except RealesrError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
