"""Every kind of bad file through the real program: one coded sentence, nothing written, no harm."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from realesr.models.catalogue import BUNDLED
from tests.picture_files import bad_files
from tests.pictures import natural

MOST_MEMORY = 300e6


@dataclass(frozen=True)
class Child:
    """The program, run in a process of its own and measured."""

    code: int
    out: str
    err: str
    memory: int


PROGRAM = """
import atexit, pathlib, sys
record = pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: record.write_text(pathlib.Path("/proc/self/status").read_text()))
from realesr.cli import main
main()
"""


def run(folder: Path, *words: object) -> Child:
    """`realesr` with these words; ``folder`` takes the record of its memory."""
    record = folder / "status.txt"
    command = [sys.executable, "-c", PROGRAM, str(record), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    # Peak memory since the program started: the parent's own is not counted, as rusage would.
    peak = re.search(r"VmHWM:\s+(\d+) kB", record.read_text())
    return Child(done.returncode, done.stdout, done.stderr, int(peak[1]) * 1024)


def expect_refusal(child: Child, exit_code: int, code: str) -> None:
    assert child.code == exit_code, child
    assert child.err.startswith(code), child.err
    assert child.err.count("\n") == 1 and "Traceback" not in child.err, child.err
    assert child.memory <= MOST_MEMORY, child.memory


@pytest.fixture(scope="module")
def collection(tmp_path_factory) -> dict[str, tuple[Path, str]]:
    return bad_files(tmp_path_factory.mktemp("bad"))


def test_every_bad_picture_is_refused(collection, tmp_path):
    assert len(collection) >= 12
    for name, (path, code) in collection.items():
        target = tmp_path / f"{name}.png"
        child = run(tmp_path, "upscale", path, "-o", target)
        is_folder = path.is_dir()
        expect_refusal(child, 2 if is_folder else 3, "E007" if is_folder else code)
        assert not target.exists()


def test_good_pictures_among_bad_ones_are_finished(collection, tmp_path):
    good = tmp_path / "good.png"
    Image.fromarray(natural("coffee", 20, 24)).save(good)
    bad = [path for path, _ in collection.values() if not path.is_dir()]
    child = run(tmp_path, "upscale", *bad, good, "-o", tmp_path / "out", "--json")
    assert child.code == 3 and "Traceback" not in child.err
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {"good_x4.png", ".realesr-batch.jsonl"}
    assert child.err.count("\nE") + child.err.startswith("E") == len(bad)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_tiny_and_thin_pictures_are_good(realesr, tmp_path, size):
    Image.fromarray(np.full((*size, 3), 99, np.uint8)).save(tmp_path / "thin.png")
    assert realesr("upscale", tmp_path / "thin.png", "-o", tmp_path / "out.png").code == 0
    with Image.open(tmp_path / "out.png") as result:
        assert result.size == (4 * size[1], 4 * size[0])


# -- models ----------------------------------------------------------------------------------------


class Gadget:
    """A pickle that makes a file when it is loaded by something careless."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return (Path.touch, (self.marker,))


def starter_weights() -> dict[str, torch.Tensor]:
    return load_file(BUNDLED / "lab-x4.safetensors")


def hostile(folder: Path) -> Path:
    path = folder / "gadget.pth"
    torch.save({"params": Gadget(folder / "ran.txt")}, path)
    return path


def cut(folder: Path) -> Path:
    path = folder / "cut.safetensors"
    path.write_bytes((BUNDLED / "lab-x4.safetensors").read_bytes()[:500_000])
    return path


def not_numbers(folder: Path) -> Path:
    weights = starter_weights()
    weights["body.2.weight"][:3] = float("nan")
    save_file(weights, folder / "nan.safetensors")
    return folder / "nan.safetensors"


def stranger(folder: Path) -> Path:
    words = {"embeddings.word_embeddings.weight": torch.rand(40, 8)}
    words["encoder.layer.0.attention.self.query.weight"] = torch.rand(8, 8)
    save_file(words, folder / "bert.safetensors")
    return folder / "bert.safetensors"


def wrong_shape(folder: Path) -> Path:
    weights = starter_weights()
    weights["body.4.weight"] = weights["body.4.weight"][:, :-1].contiguous()
    save_file(weights, folder / "shape.safetensors")
    return folder / "shape.safetensors"


def a_picture(folder: Path) -> Path:
    Image.fromarray(natural("coffee", 20, 24)).save(folder / "picture.png")
    return (folder / "picture.png").rename(folder / "picture.safetensors")


@pytest.fixture
def photo(tmp_path) -> Path:
    Image.fromarray(natural("coffee", 20, 24)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (hostile, "E201"), (cut, "E202"), (not_numbers, "E204"), (stranger, "E205"),
        (a_picture, "E210"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)  # fmt: skip
def test_bad_weights_are_refused(photo, tmp_path, make, code):
    child = run(tmp_path, "upscale", photo, "-o", tmp_path / "out.png", "--model", make(tmp_path))
    expect_refusal(child, 4, code)
    assert not (tmp_path / "out.png").exists()


def test_wrong_shapes_are_named(photo, tmp_path, realesr):
    out = tmp_path / "out.png"
    done = realesr("upscale", photo, "-o", out, "--model", wrong_shape(tmp_path))
    assert done.code == 4 and done.err.startswith("E205")
    assert "body.4.weight is 64×63×3×3, expected 64×64×3×3" in done.err


def test_the_hostile_file_would_have_run(photo, tmp_path):
    """A careless loader runs the gadget; ours leaves no trace of it."""
    path = hostile(tmp_path)
    child = run(tmp_path, "upscale", photo, "-o", tmp_path / "out.png", "--model", path)
    assert child.code == 4 and not (tmp_path / "ran.txt").exists()
    assert "weights_only" not in child.err
    torch.load(path, weights_only=False)
    assert (tmp_path / "ran.txt").exists()
