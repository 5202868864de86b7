"""The lab measured: from its start to the first answer, from the first click to the result.

python benchmarks/lab_times.py
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from report import machine, table, write_section

import data_tools.synthetic
from realesr.images import Picture, write_picture

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
RUNS = 3


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str) -> float:
    """Seconds until the address answers."""
    started = time.perf_counter()
    while True:
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.02)
            continue
        return time.perf_counter() - started


def one_visit(photo: Path) -> tuple[float, ...]:
    """Seconds to an answer, a usable page, the first result, a large photo's preview."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    lab = subprocess.Popen(
        [sys.executable, "-m", "lab.app", "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        answered = wait_for(address)
        with sync_playwright() as playwright:
            path = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            page = browser.new_page()
            started = time.perf_counter()
            page.goto(address)
            page.wait_for_selector("#run:not([disabled])")
            usable = time.perf_counter() - started
            page.wait_for_selector("#plan >> text=about", timeout=60_000)
            started = time.perf_counter()
            page.click("#run")
            page.wait_for_selector("#status .done", timeout=60_000)
            result = time.perf_counter() - started
            preview = until_preview(page, photo)
            browser.close()
    finally:
        lab.terminate()
        lab.wait()
    return answered, usable, result, preview


def until_preview(page: Page, photo: Path) -> float:
    """Seconds from the click until the enlarged middle of a large photo is shown."""
    page.set_input_files("#photo input[type=file]", photo)
    page.wait_for_selector("#viewer .captions >> text=2048 × 2048", timeout=60_000)
    page.wait_for_selector("#plan >> text=about", timeout=60_000)
    started = time.perf_counter()
    page.click("#run")
    page.wait_for_selector("#viewer .captions >> text=middle", timeout=60_000)
    return time.perf_counter() - started


def of_a_program(*arguments: str) -> float:
    """Seconds, the median of five runs after one that warms up."""
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def programs(folder: Path) -> list[list[str]]:
    """What everybody waits for at the command line."""
    (folder / "empty.png").touch()
    bare = of_a_program("-c", "")
    imported = of_a_program("-c", "import realesr") - bare
    refused = of_a_program("-m", "realesr.cli", "upscale", str(folder / "empty.png"))
    return [
        ["`import realesr`, beyond Python itself", f"{imported:.2f}"],
        ["`realesr upscale` refuses an empty file", f"{refused:.2f}"],
    ]


def main() -> None:
    """Measure and rewrite the section."""
    conditions = machine("gradio")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pixels = data_tools.synthetic.make("leaves", 1, (2048, 2048))
        photo = write_picture(Picture(pixels), folder / "photo.png")
        visits = [one_visit(photo) for _ in range(RUNS)]
        asked = programs(folder)
    names = (
        "`realesr-lab` until it answers",
        "page opened until Upscale can be pressed",
        "first click until the 256×256 sample is ×4",
        "click until the middle of a 2048×2048 photo is shown ×4",
    )
    rows = [
        [name, f"{statistics.median(values):.2f}", f"{max(values):.2f}"]
        for name, values in zip(names, zip(*visits, strict=True), strict=True)
    ]
    visited = table(["what", f"median of {RUNS}, s", "worst, s"], rows)
    told = table(["what", "median of five, s"], asked)
    body = f"{visited}\n\n{told}"
    sys.stdout.write(write_section("The lab", "python benchmarks/lab_times.py", conditions, body))


if __name__ == "__main__":
    main()
