"""The prints of all pictures in columns: about 1.1 kB of memory each, however many there are."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from data_tools.prints import Print

Array = npt.NDArray[Any]
_PLACE_BYTES = 16


class Album:
    """Prints, numbered as they come; where tiles lie is kept in a file, as few are asked for.

    Args:
        prints: The first ones.
    """

    def __init__(self, prints: Iterable[Print] = ()) -> None:
        self._pixels, self._sizes, self._looks = bytearray(), array("q"), array("Q")
        self._marks, self._ends = array("Q"), array("Q", [0])
        self._places = tempfile.TemporaryFile()
        for each in prints:
            self.add(each)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self._places.close()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, each: Print) -> None:
        """Take in one more."""
        self._pixels += each.pixels.ljust(32, b"\0")
        self._sizes.frombytes(each.size.astype(np.int64).tobytes())
        self._looks.frombytes(each.looks.tobytes())
        self._marks.frombytes(each.marks.tobytes())
        self._ends.append(len(self._marks))
        self._places.write(each.places.astype(np.float32).tobytes())

    @property
    def pixels(self) -> Array:
        """SHA-256 of pixels; (n,) of 32 bytes each."""
        return np.frombuffer(self._pixels, "V32")

    @property
    def sizes(self) -> Array:
        """Width and height; (n, 2) int64."""
        return np.frombuffer(self._sizes, np.int64).reshape(-1, 2)

    @property
    def looks(self) -> Array:
        """The 256-bit hash in four mirrorings; (n, 4, 4) uint64."""
        return np.frombuffer(self._looks, np.uint64).reshape(-1, 4, 4)

    @property
    def marks(self) -> Array:
        """Patterns of the tiles of all pictures, one after the other; uint64."""
        return np.frombuffer(self._marks, np.uint64)

    @property
    def ends(self) -> Array:
        """Where the marks of picture n begin, and those of the one before it end; (n + 1,)."""
        return np.frombuffer(self._ends, np.uint64).astype(np.int64)

    def places(self, number: int) -> Array:
        """Where the tiles of a picture lie, how large and how mirrored; (m, 4) float32."""
        start, stop = self._ends[number], self._ends[number + 1]
        self._places.seek(start * _PLACE_BYTES)
        return np.frombuffer(self._places.read((stop - start) * _PLACE_BYTES), np.float32).reshape(
            -1, 4
        )
