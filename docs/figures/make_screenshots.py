"""Make the pictures of the lab for the README and the docs, from the real program.

Usage: ``python docs/figures/make_screenshots.py [PAGE]...``. Needs Chromium; nothing leaves this
machine. Each page is seen on a desk and on a phone, light and dark.
"""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from lab.app import FURTHER_PAGES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MOST_BYTES = 150_000
SCREENS = {"": (1280, 888, "light"), "-dark": (1280, 888, "dark"),
           "-phone": (360, 740, "light"), "-phone-dark": (360, 740, "dark")}  # fmt: skip


@contextmanager
def running_lab() -> Iterator[str]:
    """The address of the lab, started for this."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:  # the lab keeps nothing of this
        command = [sys.executable, "-m", "lab.app", "--port", str(port)]
        program = subprocess.Popen(command, cwd=ROOT, env=_settings(folder))
        try:
            for _ in range(900):
                try:
                    urllib.request.urlopen(f"{address}/config", timeout=5).close()
                    break
                except (urllib.error.URLError, ConnectionError):
                    time.sleep(0.2)
            yield address
        finally:
            program.terminate()
            program.wait(120)


def _settings(folder: str) -> dict[str, str]:
    import os

    return {**os.environ, "GRADIO_TEMP_DIR": folder, "HF_HUB_OFFLINE": "1"}


def upscale(page: Page) -> None:
    """The sample after one click, half wiped, seen at its full size."""
    page.wait_for_selector("#plan >> text=about")
    page.click("#run")
    page.wait_for_selector("#status .done")
    page.wait_for_function("document.querySelectorAll('#viewer .numbers').length === 2")
    page.locator("#viewer [role=slider]").first.focus()
    page.keyboard.press("z")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def degrade(page: Page) -> None:
    """The strip, with a station chosen and shown."""
    page.wait_for_selector("#viewer .captions span")
    page.evaluate("scrollTo(0, 0)")


def compare(page: Page) -> None:
    """The matrix of crops."""
    page.wait_for_selector("#run:not([disabled])")
    page.click("#run")
    page.wait_for_selector("#matrix [data-view]")
    page.evaluate("scrollTo(0, 0)")


PREPARED: dict[str, Callable[[Page], None]] = {
    "upscale": upscale, "degrade": degrade, "compare": compare,
}  # fmt: skip


def save(shot: bytes, path: Path) -> None:
    """Write a screenshot with as many colours as fit into 150 kB."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    for colours in (256, 160, 96, 64, 40, 24):
        kept = picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        kept.save(path, optimize=True)
        if path.stat().st_size < MOST_BYTES:
            return


def take(browser: Any, address: str, name: str) -> None:
    """The pictures of one page."""
    page = browser.new_page(viewport={"width": 1280, "height": 888})
    page.set_default_timeout(240_000)  # busy machines take their time
    page.goto(f"{address}/{'' if name == 'upscale' else name}")
    page.wait_for_selector(".foot")
    page.wait_for_timeout(3000)
    if name in PREPARED:
        PREPARED[name](page)
    for ending, (width, height, theme) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("t => document.body.classList.toggle('dark', t === 'dark')", theme)
        page.wait_for_timeout(1500)  # the viewer fits itself in, colours fade over
        page.evaluate("scrollTo(0, 0)")
        save(page.screenshot(), HERE / f"lab-{name}{ending}.png")
    page.close()


def main() -> None:
    """Make every picture anew, or those of the pages named."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("no Chromium here; get it with: sudo apt-get install chromium")
    wanted = sys.argv[1:] or ["upscale", *FURTHER_PAGES]
    with running_lab() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        for name in wanted:
            take(browser, address, name)
        browser.close()


if __name__ == "__main__":
    main()
