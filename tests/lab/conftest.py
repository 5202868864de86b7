"""The real lab on a free port, and the system's Chromium to look at it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from realesr.images import Picture, write_picture

# Read when huggingface_hub is first imported; the stand-in Hub speaks its protocol without Xet.
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """The system's Chromium, without a window."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium here; get it with: sudo apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts a program that serves the lab and gives its address; all end with the session.

    Its ``programs`` give, by address, the process and the folder its temporary files go to.
    """
    running = []

    def start(arguments: list[str], place: Path = ROOT, /, **environment: str) -> str:
        folder, port = tmp_path_factory.mktemp("lab"), free_port()
        settings = {name: value for name, value in os.environ.items() if name != "SPACE_ID"}
        settings |= {
            "GRADIO_TEMP_DIR": str(folder / "cache"),
            "GRADIO_SERVER_PORT": str(port),
            "HF_HUB_OFFLINE": "1",
            "REALESR_WEIGHTS": "",
        } | environment
        log = (folder / "log").open("wb")
        command = [sys.executable, *arguments]
        program = subprocess.Popen(command, cwd=place, env=settings, stdout=log, stderr=log)
        running.append((program, log))
        start.programs[f"http://127.0.0.1:{port}"] = (program, folder / "cache")
        _wait_for(f"http://127.0.0.1:{port}", program, folder / "log")
        return f"http://127.0.0.1:{port}"

    start.programs = {}
    yield start
    for program, log in running:
        program.terminate()
        program.wait(60)
        log.close()


@pytest.fixture(scope="session")
def lab(start_lab: Callable[..., str]) -> str:
    """The address of a lab that runs as `realesr-lab` does."""
    return start_lab(["-m", "lab.app"])


def _wait_for(address: str, program: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        if program.poll() is not None:
            raise AssertionError(f"the lab ended by itself: {log.read_text()}")
        try:
            urllib.request.urlopen(f"{address}/config", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.15)
    raise AssertionError(f"the lab does not answer: {log.read_text()}")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One small photo of each kind that a viewer can get wrong."""
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(5)
    rows, columns = np.mgrid[0:48, 0:64]
    smooth = np.stack([rows * 5, columns * 4, (rows + columns) * 2], axis=-1)
    rgb = (smooth + random.integers(0, 9, smooth.shape)).astype(np.uint8)
    alpha = random.integers(0, 256, (48, 64, 1)).astype(np.uint8)
    kinds = {
        "rgb": rgb,
        "rgba": np.concatenate([rgb, alpha], axis=2),
        "deep": rgb.astype(np.uint16) * 251 + random.integers(0, 250, rgb.shape).astype(np.uint16),
        "gray": rgb[..., 0],
        "large": np.tile(rgb, (16, 12, 1)),
    }
    paths = {name: folder / f"my {name} photo.png" for name in kinds}
    for name, pixels in kinds.items():
        write_picture(Picture(np.ascontiguousarray(pixels)), paths[name])
    return paths
