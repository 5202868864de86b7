"""Make the pictures of the lab for the README and the docs, from the real program.

Usage: ``python docs/figures/make_screenshots.py``. Needs Chromium; nothing leaves this machine.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@contextmanager
def running_lab() -> Iterator[str]:
    """The address of the lab, started for this."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    program = subprocess.Popen([sys.executable, "-m", "lab.app", "--port", str(port)], cwd=ROOT)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/config", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        yield address
    finally:
        program.terminate()
        program.wait(20)


def open_page(browser: Any, address: str, width: int, height: int) -> Page:
    """The page Upscale, ready, in the light theme."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"{address}/?__theme=light")
    page.wait_for_selector("#plan >> text=about", timeout=60_000)
    return page


def upscale_page(browser: Any, address: str) -> None:
    """The sample after one click, half wiped, seen at its full size."""
    page = open_page(browser, address, 1280, 888)
    page.click("#run")
    page.wait_for_selector("#status .done", timeout=60_000)
    page.wait_for_function("document.querySelectorAll('#viewer .numbers').length === 2")
    slider = page.locator("#viewer [role=slider]")
    slider.focus()
    page.keyboard.press("1")
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(452, 330)
    page.wait_for_timeout(300)
    page.screenshot(path=HERE / "lab-upscale.png")


def main() -> None:
    """Make every picture anew."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("no Chromium here; get it with: sudo apt-get install chromium")
    with running_lab() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        upscale_page(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
