"""However many pictures a run has, only a few are in memory."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from realesr.models.compact import Compact
from tests.commands.test_bad_input import PROGRAM


def peak(folder: Path, out: Path, model: Path) -> int:
    """The most memory the program had, in bytes."""
    record = folder.parent / "status.txt"
    words = [record, "upscale", folder, "-o", out, "--model", model, "--precision", "fp32"]
    command = [sys.executable, "-c", PROGRAM, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", record.read_text())[1])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        network = Compact(scale=4, features=4, convolutions=1)
    model = tmp_path / "tiny.safetensors"
    save_file(network.state_dict(), model)
    side, counts = 500, (8, 72)
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    peaks = []
    for count in counts:
        folder = tmp_path / f"{count}"
        folder.mkdir()
        for number in range(count):
            Image.fromarray(np.roll(picture, number)).save(folder / f"{number:02}.png")
        peaks.append(peak(folder, tmp_path / f"out{count}", model))
    more = (counts[1] - counts[0]) * (4 * side) ** 2 * 3
    # What lies in memory at once depends on how busy the machine is, but not on the count.
    assert peaks[1] - peaks[0] < more / 3, peaks
