"""The page Degrade measured: from a slider's move to the strip that shows it, 512 x 512 pixels.

python benchmarks/degrade_page.py [--quick]

``--quick`` measures less and writes nothing into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys

from lab_times import free_port, wait_for
from playwright.sync_api import Page, sync_playwright
from report import machine, table, write_section

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LIMIT = 400  # milliseconds
# Of the first station everything must be done again, of the last next to nothing.
PLACES = {"first station (blur)": (1, "sigma_x"), "JPEG in the middle": (4, "quality")}
# Moves the handle and gives the milliseconds until the strip tells the new value.
MOVE = """([field, place]) => new Promise((done) => {
  const slider = document.querySelector(`[data-slide='${field}']`);
  const number = slider.closest('.pair').querySelector('[type=number]');
  slider.value = place;
  const started = performance.now();
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const told = `${field.replace('_', ' ')} ${Number(number.value)}`;
  const look = () => {
    const shown = document.querySelector('#strip [aria-current] .numbers').innerText;
    if (shown.split(/\\n/).some((line) => line === told || line.startsWith(`${told} `))) {
      done(performance.now() - started);
    } else requestAnimationFrame(look);
  };
  look();
})"""


def moves(page: Page, address: str, station: int, field: str, count: int) -> list[float]:
    """Milliseconds of several moves of one slider."""
    page.goto(f"{address}/degrade?seed=7&station={station}")
    page.wait_for_selector("#lesson .plots")
    page.wait_for_timeout(1500)
    times = []
    for number in range(count + 1):
        times.append(page.evaluate(MOVE, [field, 400 + 20 * (number % 9)]))
        page.wait_for_timeout(900)  # until the pictures and plots below have followed
    return times[1:]  # the first one also warms up


def measure(count: int) -> list[list[str]]:
    """A row for each slider."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    program = [sys.executable, "-m", "lab.app", "--port", str(port)]
    server = subprocess.Popen(program, stdout=subprocess.DEVNULL)
    try:
        wait_for(address)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            page = browser.new_page()
            found = {name: moves(page, address, *where, count) for name, where in PLACES.items()}
            browser.close()
    finally:
        server.terminate()
        server.wait()
    return [
        [name, f"{statistics.median(times):.0f}", f"{max(times):.0f}", f"{LIMIT}"]
        for name, times in found.items()
    ]


def main(arguments: list[str] | None = None) -> None:
    """Measure and rewrite the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four moves each, nothing written")
    quick = parser.parse_args(arguments).quick
    conditions = machine("gradio")
    rows = measure(4 if quick else 20)
    body = table(["slider of", "median, ms", "worst, ms", "at most, ms"], rows)
    if quick:
        sys.stdout.write(body + "\n")
        return
    command = "python benchmarks/degrade_page.py"
    sys.stdout.write(write_section("The page Degrade", command, conditions, body))


if __name__ == "__main__":
    main()
