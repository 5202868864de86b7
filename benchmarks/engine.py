"""The upscaling engine measured: speed beside plain PyTorch, tiles, memory, seams.

python benchmarks/engine.py [--quick]

Networks have the recipe's initialisation, seed 0: speed and memory do not depend on the weights.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from report import machine, table, write_section
from safetensors.torch import save_file
from skimage import data

from realesr import Upscaler
from realesr.images import to_tensor
from realesr.inference.memory import keep_freed_memory
from realesr.models.compact import Compact
from realesr.models.rrdbnet import RRDBNet
from realesr.quality.bench import as_table, measure, median_seconds

TILES = (128, 256, 384, 512, 768, 1024)


def save_networks(folder: Path, *, quick: bool) -> dict[str, Path]:
    """Compact-32 and RRDBNet-23 as weights files (smaller ones when quick)."""
    torch.manual_seed(0)
    networks = {
        "Compact-32": Compact(4, 64, 2 if quick else 32),
        "RRDBNet-23": RRDBNet(4, 64, 1 if quick else 23, 32),
    }
    paths = {name: folder / f"{name}.safetensors" for name in networks}
    for name, network in networks.items():
        save_file(network.state_dict(), paths[name])
    return paths


def speed(networks: dict[str, Path], *, quick: bool) -> str:
    """Default settings beside a plain pass in fp32, and beside other engines where installed."""
    sides = {
        "Compact-32": [64] if quick else [256, 512, 1024],
        "RRDBNet-23": [32 if quick else 128],
    }
    cases = [
        case
        for name, path in networks.items()
        for case in measure([str(path)], sides[name], repeats=1 if quick else 5)
    ]
    found = as_table(cases)
    for name, path in networks.items():
        found = found.replace(str(path), name)
    return found


def task_without_amx(path: str, side: int, repeats: int) -> tuple[float, float]:
    """Seconds with the settings of a processor without AMX, and plain; in a process of its own."""
    upscaler = Upscaler(path, precision="fp32", device="cpu")
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    image = to_tensor(pixels)
    with torch.inference_mode():
        plain = median_seconds(lambda: upscaler.model.network(image), repeats)
    keep_freed_memory()
    return median_seconds(lambda: upscaler(pixels), repeats), plain


def task_tile(path: str, side: int, repeats: int) -> list[list[float]]:
    """Seconds for each side of tiles, the last one the whole picture; all take turns."""
    keep_freed_memory()
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    sides = [tile for tile in TILES if tile < side] + [side]
    ours = [Upscaler(path, tile=tile, device="cpu") for tile in sides]
    rounds = [
        [median_seconds(functools.partial(each, pixels), 1) for each in ours]
        for _ in range(repeats)
    ]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    return [[tile, seconds] for tile, seconds in zip(sides, medians, strict=True)]


def task_memory(path: str, side: int) -> tuple[int, int]:
    """Peak bytes above the loaded program, and beyond the two arrays."""
    import resource

    keep_freed_memory()
    upscaler = Upscaler(path, device="cpu")
    upscaler(np.zeros((32, 32, 3), np.uint8))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    result = upscaler(pixels)
    above = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    return above, above - pixels.nbytes - result.nbytes


def apart(task: str, *settings: object, **environment: str) -> list:
    """A task's answer from a new process."""
    command = [sys.executable, __file__, "--task", json.dumps([task, *settings])]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return json.loads(done.stdout)


def without_amx(path: Path, *, quick: bool) -> str:
    """Compact-32 in fp32 while oneDNN is told to use no AMX."""
    side = 64 if quick else 512
    settings = (str(path), side, 1 if quick else 5)
    ours, plain = apart("task_without_amx", *settings, ONEDNN_MAX_CPU_ISA="AVX512_CORE")
    row = [f"{side}×{side}", f"{ours:.2f}", f"{plain:.2f}", f"{plain / ours:.1f}"]
    return table(["input", "ours, s", "plain fp32, s", "ratio"], [row])


def tiles(path: Path, *, quick: bool) -> str:
    """What tiles cost against the whole picture in one pass."""
    found = apart("task_tile", str(path), 160 if quick else 2048, 1 if quick else 3)
    whole = found[-1][1]
    rows = [[f"{tile} px", f"{seconds:.2f}", f"{seconds / whole:.3f}"] for tile, seconds in found]
    rows[-1][0] += " (one pass)"
    return table(["tile", "seconds", "against one pass"], rows)


def memory(path: Path, *, quick: bool) -> str:
    """Peak resident memory of a whole call."""
    rows = []
    for side in (64, 96) if quick else (2048, 4096):
        above, beyond = (number / 1e6 for number in apart("task_memory", str(path), side))
        rows.append([f"{side}×{side}", f"{above:.0f}", f"{beyond:.0f}"])
    return table(["input", "above the loaded program, MB", "beyond the two arrays, MB"], rows)


def seams(networks: dict[str, Path], *, quick: bool) -> str:
    """The largest difference between small tiles and one pass, fp32, in levels of 255."""
    photo = to_tensor(np.ascontiguousarray(data.astronaut()[100:228, 180:308]))
    photo = photo[..., :48, :48] if quick else photo
    rows = []
    for name, path in networks.items():
        tiled = Upscaler(str(path), tile=32 if quick else 64, precision="fp32", device="cpu")
        whole = Upscaler(str(path), tile=512, precision="fp32", device="cpu")
        error = (tiled.upscale_tensor(photo) - whole.upscale_tensor(photo)).abs().max() * 255
        rows.append([name, str(tiled.tile), str(tiled.halo), f"{float(error):.5f}"])
    return table(["network", "tile, px", "halo, px", "largest difference, levels"], rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and rewrite the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny networks; figures are rough")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    wanted = parser.parse_args(arguments)
    if wanted.task:
        task, *settings = json.loads(wanted.task)
        sys.stdout.write(json.dumps(globals()[task](*settings)))
        return
    conditions = machine()
    with tempfile.TemporaryDirectory() as folder:
        networks = save_networks(Path(folder), quick=wanted.quick)
        compact = networks["Compact-32"]
        parts = [
            "Array to array, medians of five; plain is a pass over the whole picture, channels "
            "first, in a process of its own.",
            speed(networks, quick=wanted.quick),
            "Compact-32 without AMX (`ONEDNN_MAX_CPU_ISA=AVX512_CORE`), in fp32:",
            without_amx(compact, quick=wanted.quick),
            "What tiles cost, Compact-32 at 2048×2048, medians of three rounds in turn:",
            tiles(compact, quick=wanted.quick),
            "Peak memory, Compact-32:",
            memory(compact, quick=wanted.quick),
            "Seams, at the default halo, over 128×128 pixels of a photograph:",
            seams(networks, quick=wanted.quick),
        ]
    body = "\n\n".join(parts)
    command = "python benchmarks/engine.py"
    sys.stdout.write(write_section("The upscaling engine on a CPU", command, conditions, body))


if __name__ == "__main__":
    main()
