"""Data tools measured: cropping beside the usual script, all rules on, memory as sets grow.

python benchmarks/data_sets.py [--quick]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import skimage
from report import machine, table, write_section

from data_tools.building import build
from data_tools.looking import open_header
from data_tools.settings import Shape, build_from
from data_tools.shaping import shape, write_files
from data_tools.synthetic import make

CROP, STEP = 480, 240
NAMES = ("astronaut", "chelsea", "coffee", "motorcycle_left", "motorcycle_right")


def photographs(folder: Path, count: int, width: int, height: int, suffix: str) -> list[Path]:
    """Large pictures laid out of photographs that come with scikit-image, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    data = Path(skimage.__file__).parent / "data"
    pieces = [cv2.imread(str(data / f"{name}.png")) for name in NAMES]
    draw = np.random.default_rng(0)
    made = []
    for number in range(count):
        rows = []
        while sum(len(row) for row in rows) < height:
            row: list[np.ndarray] = []
            while sum(piece.shape[1] for piece in row) < width:
                piece = pieces[int(draw.integers(len(pieces)))]
                top, left = (int(draw.integers(length - 256)) for length in piece.shape[:2])
                row.append(piece[top : top + 256, left:])
            rows.append(np.concatenate(row, 1)[:, :width])
        picture = np.concatenate(rows)[:height]
        path = folder / f"{number:05}{suffix}"
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
        made.append(path)
    return made


def plain_script(path: Path, output: Path) -> int:
    """What the reference's script does to one picture: a grid, PNG at level 3; sub-images made."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    height, width = picture.shape[:2]
    tops, lefts = (
        [*range(0, length - CROP + 1, STEP), *([length - CROP] if (length - CROP) % STEP else [])]
        for length in (height, width)
    )
    count = 0
    for top in tops:
        for left in lefts:
            count += 1
            cut = np.ascontiguousarray(picture[top : top + CROP, left : left + CROP])
            flags = [cv2.IMWRITE_PNG_COMPRESSION, 3]
            cv2.imwrite(str(output / f"{path.stem}_s{count:03}.png"), cut, flags)
    return count


def our_crops(path: Path, output: Path, how: Shape) -> int:
    """The same with the data tools; sub-images made."""
    data = path.read_bytes()
    header = open_header(data, path.name)
    digest = hashlib.sha256(data).hexdigest()
    files = list(shape(path.name, data, digest, (header.width, header.height), "PNG", how))
    write_files(output, [file for file in files if not isinstance(file, str)])
    return len(files)


def cropping(folder: Path, count: int) -> str:
    """Pixels of pictures per second of processor time, one core."""
    paths = photographs(folder / "cropping", count, 2040, 1352, ".png")
    pixels = count * 2040 * 1352 / 1e6
    ways = {
        "plain script, 480 px every 240 px": lambda path, to: plain_script(path, to),
        "ours, 480 px every 240 px": lambda path, to: our_crops(
            path, to, Shape(crop=CROP, step=STEP, detail=0)
        ),
        "ours, 480 px side by side (default)": lambda path, to: our_crops(
            path, to, Shape(crop=CROP)
        ),
    }
    rows, first = [], 0.0
    for name, way in ways.items():
        to = folder / "crops"
        to.mkdir(exist_ok=True)
        start = time.process_time()
        made = sum(way(path, to) for path in paths)
        seconds = time.process_time() - start
        size = sum(file.stat().st_size for file in to.iterdir()) / 1e6
        subprocess.run(["rm", "-rf", str(to)], check=True)
        rate, cut = pixels / seconds, made * CROP**2 / 1e6 / seconds
        first = first or rate
        rows.append(
            [name, f"{made:,}", f"{rate:.1f}", f"{cut:.1f}", f"{size:.0f}", f"{rate / first:.1f}×"]
        )
    head = ["way", "sub-images", "MP/s read", "MP/s written", "MB written", "to plain"]
    return table(head, rows)


def selecting(folder: Path, count: int) -> str:
    """Megapixels a second with every rule on, from files to the manifest, by two processes."""
    rows = []
    kinds = {
        "12 MP, JPEG": (4000, 3000, ".jpg", count),
        "2.8 MP, PNG": (2040, 1352, ".png", 2 * count),
        "512 px, PNG": (512, 512, ".png", 8 * count),
    }
    for name, (width, height, suffix, many) in kinds.items():
        source = folder / f"selecting-{width}"
        photographs(source, many, width, height, suffix)
        begun, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        apart("--build", str(source), "--output", f"{source}-set", "--workers", "2")
        seconds, ended = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
        pixels = many * width * height / 1e6
        rates = [f"{pixels / seconds:.1f}", f"{2 * pixels / busy:.1f}"]
        rows.append([name, f"{many}", *rates, f"{1000 * busy / many:.0f}"])
    head = ["pictures", "how many", "MP/s", "MP/s by processor time", "processor ms each"]
    return table(head, rows)


def apart(*words: str) -> str:
    """What this script says in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def peak_memory() -> float:
    """The most memory in MB this program had; ``ru_maxrss`` counts the one it came from too."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.partition("VmHWM:")[2].split()[0]) / 1024


def tiles(folder: Path, count: int) -> None:
    """Small pictures, no two alike; but every twentieth is the one before it, mirrored."""
    folder.mkdir()
    tile, number = np.empty(0, np.uint8), 0
    while number < count:
        whole = make("leaves", number, 1024)
        for top in range(0, 1024, 128):
            for left in range(0, 1024, 128):
                copied = number % 20 == 19
                cut = whole[top : top + 128, left : left + 128]
                tile = tile[:, ::-1] if copied else cut
                path = folder / f"{number // 500:03}" / f"{number:05}.png"
                path.parent.mkdir(exist_ok=True)
                cv2.imwrite(str(path), np.ascontiguousarray(tile[..., ::-1]))
                number += 1


def peak_of(folder: Path, count: int) -> float:
    """The peak memory in MB of a build of so many small pictures, in one process of its own."""
    source = folder / f"many-{count}"
    tiles(source, count)
    words = ["--build", str(source), "--output", f"{source}-set", "--workers", "1"]
    return float(apart(*words, "--set", "select.side=64"))


def memory(folder: Path, counts: tuple[int, ...]) -> str:
    """Peak memory for sets of several sizes, and what each further picture takes."""
    rows: list[list[str]] = []
    first = 0.0
    for count in counts:
        peak = peak_of(folder, count)
        first = first or peak
        each = 1e3 * (peak - first) / max(count - counts[0], 1)
        rows.append([f"{count:,}", f"{peak:,.0f}", f"{each:.1f}" if rows else ""])
    return table(["pictures", "peak MB", "kB for each further picture"], rows)


def main() -> None:
    """Measure, print, and write the section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few pictures; figures are rough")
    parser.add_argument("--build", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--set", action="append", default=[], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.build:
        build(
            build_from({"sources": [given.build]}, given.set), given.output, workers=given.workers
        )
        print(f"{peak_memory():.1f}")
        return
    cv2.setNumThreads(1)
    conditions = machine("opencv-python-headless", "pillow", "pyarrow")
    count, sizes = (3, (500, 1000)) if given.quick else (24, (1000, 10_000))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        body = "\n\n".join(
            [
                "Cropping, one core, processor time:",
                cropping(folder, count),
                "Every rule on, two processes, from files to the manifest:",
                selecting(folder, 2 * count),
                "Memory with every rule on, one process, pictures of 128 px:",
                memory(folder, sizes),
            ]
        )
    told = (
        f"{conditions}. Pictures are laid out of scikit-image's photographs. The plain script is "
        "written anew after the description of the reference's: OpenCV, one process, a grid."
    )
    command = "python benchmarks/data_sets.py" + (" --quick" if given.quick else "")
    print(write_section("Data tools", command, told, body))


if __name__ == "__main__":
    main()
