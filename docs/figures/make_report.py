"""Draw the figure of ``docs/reading-a-report.md``: ``python docs/figures/make_report.py``.

A report on photographs that come with scikit-image (astronaut: NASA, public domain; chelsea: Stefan
van der Walt, coffee: Rachel Michetti, retina: Mikael Häggström, rocket: SpaceX, all CC0), some of
them spoiled, and pictures made here, as Chromium shows it (``apt install chromium``).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright
from skimage import data

from data_tools.report import report
from data_tools.synthetic import KINDS, make

FIGURE = Path(__file__).resolve().parent / "report.jpg"
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "retina")


def heap(folder: Path) -> None:
    """Good pictures and a few that a build leaves out."""
    folder.mkdir()
    pictures = {name: getattr(data, name)() for name in PHOTOGRAPHS}
    pictures |= {f"{kind}-3": make(kind, 3, 384) for kind in KINDS}
    pictures["coffee-soft"] = cv2.GaussianBlur(pictures["coffee"], (0, 0), 3)
    pictures["rocket-noisy"] = np.clip(
        pictures["rocket"] + np.random.default_rng(0).normal(0, 14, pictures["rocket"].shape),
        0,
        255,
    )
    pictures["astronaut-again"] = pictures["astronaut"][::-1]
    for name, pixels in pictures.items():
        colours = np.ascontiguousarray(pixels[..., :3][..., ::-1].astype(np.uint8))
        cv2.imwrite(str(folder / f"{name}.png"), colours)


def draw() -> Path:
    """Write ``report.jpg``: the top of the page and some of its plots."""
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        pictures, page_path = Path(temporary) / "photos", Path(temporary) / "photos.html"
        heap(pictures)
        report(pictures, page_path, workers=2)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1000, "height": 1440})
        page.goto(page_path.as_uri())
        page.evaluate("document.querySelector('#left-out').remove()")
        page.screenshot(path=str(FIGURE), type="jpeg", quality=70)
        browser.close()
    return FIGURE


if __name__ == "__main__":
    draw()
