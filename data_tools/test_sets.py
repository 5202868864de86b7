"""The classic test pictures of the field, by their hashes: no training set may hold them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_tools.prints import Print

TABLE = Path(__file__).parent / "test_set_hashes.csv"
"""Set5, Set14, BSD100, Urban100 and Kodak24: size, SHA-256 of the pixels, two 64-bit hashes."""


@dataclass(frozen=True)
class Known:
    """The test pictures.

    Attributes:
        names: Set and name of each.
        phashes: (n,) uint64.
        dhashes: (n,) uint64.
    """

    names: tuple[str, ...]
    phashes: npt.NDArray[Any]
    dhashes: npt.NDArray[Any]


@cache
def known() -> Known:
    """The table, read once."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Known(
        tuple(f"{row['set']}/{row['name']}" for row in rows),
        *(
            np.frombuffer(bytes.fromhex("".join(row[name] for row in rows)), np.uint64)
            for name in ("phash_64", "dhash_64")
        ),
    )


def nearest(print_: Print) -> tuple[str, int]:
    """The test picture that is most like this one, upright or mirrored, and the bits that differ.

    Both hashes must be near, so the larger of the two figures counts.
    """
    table = known()
    one = np.bitwise_count(print_.phashes[:, None] ^ table.phashes).astype(int)
    other = np.bitwise_count(print_.dhashes[:, None] ^ table.dhashes).astype(int)
    bits = np.maximum(one, other).min(0)
    place = int(bits.argmin())
    return table.names[place], int(bits[place])
