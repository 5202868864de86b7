"""A picture as the rules see it: decoded once, in a few windows where it is large.

A photograph of twelve megapixels says the same about its noise in a tenth of them. So the rules
look at windows of it: where there is most detail, where there is least, and in between. Windows
begin at multiples of eight, so that the blocks of a JPEG stay where they are.
"""

from __future__ import annotations

from functools import cached_property
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from realesr.gate import Limits, check_pixels
from realesr.gate.headers import Header, read_header
from realesr.gate.signatures import PREFIX_BYTES, identify
from realesr.images.decoding import Decoded, decode
from realesr.quality.estimators import blur, jpeg_quality, noise, read_tables

Pixels = npt.NDArray[Any]

WINDOW = 512
WHOLE = 768
"""The longer side up to which the whole picture is looked at."""
_COARSE = 16
_ROWS = 256
_TRACE = 320
"""The side of the piece in which traces of JPEG are looked for: sixteen hundred blocks."""


def open_header(data: bytes, name: str) -> Header:
    """What the bytes of a picture say they hold; refuses what is no picture or too large.

    Raises:
        PictureError: E102, E103, E104, E105, E106 or E108.
    """
    stream = BytesIO(data)
    header = read_header(stream, identify(data[:PREFIX_BYTES], name), name)
    check_pixels(header.width, header.height, name, Limits())
    return header


class Look:
    """A decoded picture and what several rules want to know of it.

    Args:
        data: The file's bytes.
        header: What `open_header` said.
        name: For refusals.

    Raises:
        PictureError: E103, E104, E105 or E111.
    """

    def __init__(self, data: bytes, header: Header, name: str) -> None:
        self.data, self.header = data, header
        self.decoded: Decoded = decode(data, header, name)
        self.pixels: Pixels = self.decoded.pixels

    @cached_property
    def windows(self) -> list[Pixels]:
        """Most detail first; the whole picture where it is small."""
        height, width = self.pixels.shape[:2]
        if max(height, width) <= WHOLE:
            return [self.pixels]
        detail = self._detail_of_cells()
        order = np.argsort(-detail.ravel(), kind="stable")
        chosen = dict.fromkeys(int(order[place]) for place in (0, len(order) // 2, -1))
        windows = []
        for cell in chosen:
            row, column = np.unravel_index(cell, detail.shape)
            top, left = int(row) * WINDOW, int(column) * WINDOW
            top = max(0, min(top, height - WINDOW) // 8 * 8)
            left = max(0, min(left, width - WINDOW) // 8 * 8)
            windows.append(self.pixels[top : top + WINDOW, left : left + WINDOW])
        return windows

    def _detail_of_cells(self) -> npt.NDArray[np.float64]:
        """The mean slope in each cell of a window's size."""
        slope = slopes(self.pixels[:: _COARSE // 4, :: _COARSE // 4])
        size = WINDOW * 4 // _COARSE
        rows = max(1, self.pixels.shape[0] // WINDOW)
        columns = max(1, self.pixels.shape[1] // WINDOW)
        return np.array(
            [
                [
                    slope[size * row : size * row + size, size * column : size * column + size]
                    .mean(dtype=np.float64)
                    for column in range(columns)
                ]
                for row in range(rows)
            ]
        )  # fmt: skip

    @cached_property
    def noise(self) -> float | None:
        """Noise in levels, the least of the windows: texture counts as noise, nothing hides it."""
        return least([noise(window).value for window in self.windows])

    @cached_property
    def blur(self) -> float | None:
        """Blur in pixels, of the sharpest window: a soft background is no fault."""
        return least([blur(window, self.noise).value for window in self.windows])

    @cached_property
    def jpeg(self) -> float | None:
        """The quality of the JPEG it is, or of the one it was before it was saved otherwise."""
        tables = read_tables(self.data)
        if tables is not None:
            return float(tables.quality)
        window = self.windows[0]
        top, left = (max(0, length - _TRACE) // 16 * 8 for length in window.shape[:2])
        return jpeg_quality(window[top : top + _TRACE, left : left + _TRACE]).value

    @cached_property
    def strip(self) -> Pixels:
        """Bands of eight rows from everywhere, at most a few hundred rows in all."""
        height = self.pixels.shape[0] // 8
        if height == 0:
            return self.pixels
        bands = self.pixels[: 8 * height].reshape(height, 8, *self.pixels.shape[1:])
        every = max(1, 8 * height // _ROWS) if max(self.pixels.shape[:2]) > WHOLE else 1
        return np.ascontiguousarray(bands[::every]).reshape(-1, *self.pixels.shape[1:])


def slopes(pixels: Pixels) -> Pixels:
    """How steep brightness is at each pixel, in levels of 256; HW float32."""
    gray = brightness(pixels)
    across = cv2.Scharr(gray, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(gray, cv2.CV_32F, 0, 1, scale=1 / 32)
    return cv2.magnitude(across, down)


def brightness(pixels: Pixels) -> Pixels:
    """Brightness in 256 levels, HW uint8: quick, for what needs no more depth."""
    levels = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    if levels.ndim == 2:
        return np.ascontiguousarray(levels)
    if levels.shape[2] == 2:
        return np.ascontiguousarray(levels[..., 0])
    colours = np.ascontiguousarray(levels[..., :3])
    return cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)


def least(values: list[float | None]) -> float | None:
    """The smallest that is known."""
    known = [value for value in values if value is not None]
    return min(known, default=None)
