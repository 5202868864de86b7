"""Upscaling measured: how good the bundled model is, how quick, how much memory it takes.

python benchmarks/upscale.py [--pictures FOLDER]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from report import machine, table, write_section
from skimage import data
from skimage.metrics import structural_similarity

import realesr
from realesr.images import to_tensor

SCALE = 4
BUNDLED = ("astronaut", "chelsea", "coffee", "rocket")


def median(action: Callable[[], object], times: int = 5) -> float:
    """Seconds, the median of several runs after one that warms up."""
    action()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """In dB: RGB, 8 bit, a border of SCALE pixels left out."""
    inside = slice(SCALE, -SCALE)
    error = one[inside, inside].astype(float) - other[inside, inside]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Of luma (BT.601, 16 to 235, not rounded), 7x7 uniform window, range 219, same border."""
    weights = np.array([65.481, 128.553, 24.966]) / 255
    luma = [(picture @ weights + 16)[SCALE:-SCALE, SCALE:-SCALE] for picture in (one, other)]
    return float(structural_similarity(*luma, data_range=219))


def collect(folder: Path | None) -> dict[str, np.ndarray]:
    """Pictures cropped to multiples of SCALE: those of a folder, or scikit-image's own."""
    if folder is None:
        found = {name: getattr(data, name)()[..., :3] for name in BUNDLED}
    else:
        found = {p.name: np.asarray(Image.open(p).convert("RGB")) for p in sorted(folder.iterdir())}
    return {
        name: picture[: len(picture) // SCALE * SCALE, : picture.shape[1] // SCALE * SCALE]
        for name, picture in found.items()
    }


def quality(pictures: dict[str, np.ndarray], model: str) -> str:
    """Against bicubic, from inputs shrunk by antialiased bicubic, with and without JPEG 75."""
    upscaler = realesr.Upscaler(model, precision="fp32")
    rows = []
    for name, truth in pictures.items():
        size = truth.shape[1] // SCALE, truth.shape[0] // SCALE
        small = Image.fromarray(truth).resize(size, Image.Resampling.BICUBIC)
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            small.save(file.name, quality=75)
            compressed = Image.open(file.name).convert("RGB")
        row = [name]
        for low in (small, compressed):
            full = truth.shape[1], truth.shape[0]
            bicubic = np.asarray(low.resize(full, Image.Resampling.BICUBIC))
            ours = upscaler(np.asarray(low))
            for result in (bicubic, ours):
                row += [f"{psnr(result, truth):.2f}", f"{ssim(result, truth):.4f}"]
        rows.append(row)
    mean = [
        f"{statistics.mean(float(row[column]) for row in rows):.{2 if column % 2 else 4}f}"
        for column in range(1, 9)
    ]
    rows.append(["**mean**", *mean])
    head = ["picture"]
    for source in ("clean", "JPEG 75"):
        for method in ("bicubic", model):
            head += [f"{source}: {method} PSNR", "SSIM"]
    return table(head, rows)


def speed(model: str) -> str:
    """The default settings beside a plain fp32 pass over the whole picture."""
    loaded = realesr.load_model(model, device="cpu")
    upscaler = realesr.Upscaler(loaded, device="cpu")
    rows = []
    for side in (256, 512):
        pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
        image = to_tensor(pixels)

        def plain(image: torch.Tensor = image) -> torch.Tensor:
            with torch.inference_mode():
                return loaded.network(image)

        def ours(pixels: np.ndarray = pixels) -> np.ndarray:
            return upscaler(pixels)

        slow, quick = median(plain), median(ours)
        precision = str(upscaler.dtype).removeprefix("torch.")
        rows.append(
            [f"{side}×{side}", f"{slow:.2f}", f"{quick:.2f} ({precision})", f"{slow / quick:.1f}"]
        )
    return table(["input", "plain fp32, s", "default settings, s", "ratio"], rows)


def memory(model: str) -> str:
    """Peak memory beyond the two arrays, in a process of its own."""
    code = (
        "import resource, sys, numpy as np, realesr\n"
        f"upscaler = realesr.Upscaler({model!r}, device='cpu')\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "start = peak(); side = int(sys.argv[1])\n"
        "pixels = np.zeros((side, side, 3), np.uint8)\n"
        "result = upscaler(pixels)\n"
        "print(peak() - start, peak() - start - pixels.nbytes - result.nbytes)"
    )
    rows = []
    for side in (1024, 2048):
        command = [sys.executable, "-c", code, str(side)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        above, beyond = (int(word) / 1e6 for word in done.stdout.split())
        rows.append([f"{side}×{side}", f"{above:.0f}", f"{beyond:.0f}"])
    return table(["input", "above the loaded program, MB", "beyond the two arrays, MB"], rows)


def starting() -> str:
    """Importing the package, and refusing an empty file through the program."""
    code = "import time; s = time.perf_counter(); import realesr; print(time.perf_counter() - s)"
    seconds = statistics.median(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
        for _ in range(5)
    )
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.png"
        empty.touch()
        command = [sys.executable, "-m", "realesr.cli", "upscale", str(empty), "-o", folder]
        refusal = median(lambda: subprocess.run(command, capture_output=True), 5)
    return table(
        ["what", "seconds"],
        [["`import realesr`", f"{seconds:.3f}"], ["refusing an empty file", f"{refusal:.2f}"]],
    )


def main() -> None:
    """Measure and rewrite the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="sharp pictures to judge quality on")
    parser.add_argument("--model", default="lab-x4")
    wanted = parser.parse_args()
    conditions = machine("pillow", "scikit-image")
    where = f"{wanted.pictures.name}" if wanted.pictures else "scikit-image's photographs"
    named = " --pictures FOLDER" if wanted.pictures else ""
    title = f"Quality of {wanted.model} on {where}"
    pictures = collect(wanted.pictures)
    protocol = (
        "PSNR in dB of RGB, 8 bit; SSIM of luma (BT.601, 16 to 235, not rounded), 7×7 uniform "
        "window, range 219; a border of 4 pixels left out of both. Inputs shrunk four times by "
        "Pillow's bicubic; JPEG 75 by Pillow. Precision fp32."
    )
    command = f"python benchmarks/upscale.py{named}"
    body = f"{protocol}\n\n{quality(pictures, wanted.model)}"
    sys.stdout.write(write_section(title, command, conditions, body))
    if wanted.pictures:
        return
    body = (
        f"One pass of `{wanted.model}`, medians of five.\n\n{speed(wanted.model)}\n\n"
        f"Peak memory with default settings.\n\n{memory(wanted.model)}\n\n{starting()}"
    )
    sys.stdout.write(write_section("Upscaling on a CPU", command, conditions, body))


if __name__ == "__main__":
    main()
