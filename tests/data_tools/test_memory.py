"""What a further picture costs in memory while all of them are compared, with every rule on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REDUCE = """
import sys
from pathlib import Path
import numpy as np
from data_tools.prints import MARKS, Print
from data_tools.reducing import Candidate, reduce
from data_tools.settings import build_from

draw = np.random.default_rng(0)

def made(number):
    # Every tenth is the one before it, a little changed.
    seed = np.random.default_rng(number - (number % 10 == 9))
    looks = seed.integers(0, 2**63, (4, 4), np.uint64)
    marks = seed.integers(0, 2**63, MARKS, np.uint64)
    places = seed.uniform(8, 120, (MARKS, 4)).astype(np.float32)
    places[:, 3] = 0
    size = np.array([128, 128])
    return Print(draw.bytes(32), size, looks, looks[:, 0], looks[:, 0], marks, places)

count = int(sys.argv[1])
found = (Candidate(n, f"set/{n:06}.png", f"{n:064x}", "", 101.0, made(n)) for n in range(count))
verdict = reduce(found, build_from({"sources": ["set"], "validation": 0.1}))
assert len(verdict.rejections) == count // 10, len(verdict.rejections)
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


def peak(count: int) -> int:
    """Kilobytes."""
    command = [sys.executable, "-c", REDUCE, str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_nine_thousand_more_pictures_take_four_kilobytes_each_at_most():
    few, many = peak(1000), peak(10_000)
    assert many - few < 4 * 9000, f"{few} and {many} kB"
    assert many < 1.25 * few, f"{few} and {many} kB"
