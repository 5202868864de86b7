"""The lab measured: from its start to the first answer, from the first click to the result.

python benchmarks/lab_times.py
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

from playwright.sync_api import sync_playwright
from report import machine, table, write_section

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


def one_visit() -> tuple[float, float, float]:
    """Seconds to the first answer, to a usable page, and from the click to the result."""
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
            browser.close()
    finally:
        lab.terminate()
        lab.wait()
    return answered, usable, result


def main() -> None:
    """Measure and rewrite the section."""
    conditions = machine("gradio")
    visits = [one_visit() for _ in range(RUNS)]
    names = (
        "`realesr-lab` until it answers",
        "page opened until Upscale can be pressed",
        "first click until the 256×256 sample is ×4",
    )
    rows = [
        [name, f"{statistics.median(values):.2f}", f"{max(values):.2f}"]
        for name, values in zip(names, zip(*visits, strict=True), strict=True)
    ]
    body = table(["what", "median of three, s", "worst, s"], rows)
    sys.stdout.write(write_section("The lab", "python benchmarks/lab_times.py", conditions, body))


if __name__ == "__main__":
    main()
