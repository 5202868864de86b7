"""Writing animations: PNG frame by frame without loss, and from there WebP and GIF."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import accumulate, chain
from typing import Any

import numpy as np
import numpy.typing as npt

from realesr.errors import Notice
from realesr.gate.chunks import PNG_SIGNATURE
from realesr.images.exif import with_dpi
from realesr.images.packets import with_gif_packet
from realesr.images.png import packed_rows, png_block, png_head

FRAME_FORMATS = ("PNG", "WEBP", "GIF")
_TRANSPARENT = 255


class AnimatedPng:
    """An animated PNG that grows frame by frame; only packed frames are held.

    Args:
        durations: How long each frame will stay, in milliseconds.
        plays: How often it runs; 0 for ever.
        icc: Colour profile.
        exif: EXIF block in TIFF form.
        xmp: XMP packet; may be set until the first frame comes.
        dpi: Pixels per inch, across and down.
    """

    def __init__(
        self,
        durations: Sequence[float],
        plays: int,
        *,
        icc: bytes | None = None,
        exif: bytes | None = None,
        xmp: bytes | None = None,
        dpi: tuple[float, float] | None = None,
    ) -> None:
        self.durations, self.plays = tuple(durations), plays
        self.icc, self.exif, self.xmp, self.dpi = icc, exif, xmp, dpi
        self.size = (0, 0)
        self.has_alpha = False
        self._blocks: list[bytes] = [PNG_SIGNATURE]
        self._added = 0
        self._sequence = 0

    def add(self, pixels: npt.NDArray[np.uint8]) -> None:
        """The next frame: HW, HWA (2), HWC (3) or HWCA (4); uint8; all of one size and kind."""
        height, width = self.size = pixels.shape[:2]
        if not self._added:
            self.has_alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
            self._blocks += png_head(
                pixels, icc=self.icc, exif=self.exif, xmp=self.xmp, dpi=self.dpi
            )
            control = struct.pack(">II", len(self.durations), self.plays)
            self._blocks.append(png_block(b"acTL", control))
        delay = _fraction(self.durations[self._added])
        # Disposal 0, blending 0: a frame stays as it is, and the next one replaces all of it.
        box = struct.pack(">IIIIIHHBB", self._number(), width, height, 0, 0, *delay, 0, 0)
        self._blocks.append(png_block(b"fcTL", box))
        for piece in packed_rows(pixels):
            if self._added:
                numbered = struct.pack(">I", self._number()) + piece
                self._blocks.append(png_block(b"fdAT", numbered))
            else:
                self._blocks.append(png_block(b"IDAT", piece))
        self._added += 1

    def _number(self) -> int:
        self._sequence += 1
        return self._sequence - 1

    def finish(self, picture_format: str, *, quality: int | None = None) -> bytes:
        """The animation as a file.

        Args:
            picture_format: One of ``FRAME_FORMATS``.
            quality: 1 to 100, for WebP; lossless when left out.
        """
        png = b"".join([*self._blocks, png_block(b"IEND", b"")])
        if picture_format == "PNG":
            return png
        from PIL.PngImagePlugin import PngImageFile

        image = PngImageFile(BytesIO(png))
        return self._as_gif(image) if picture_format == "GIF" else self._as_webp(image, quality)

    def _as_webp(self, image: Any, quality: int | None) -> bytes:
        settings: dict[str, Any] = {"lossless": True, "quality": 25, "method": 1}
        if quality is not None:
            settings = {"quality": quality}
        if self.icc and image.mode not in ("L", "LA"):
            settings["icc_profile"] = self.icc
        if exif := with_dpi(self.exif, self.dpi):
            settings["exif"] = exif
        if self.xmp:
            settings["xmp"] = self.xmp
        out = BytesIO()
        times = _steps(self.durations, 1)
        image.save(out, "WEBP", save_all=True, duration=times, loop=self.plays, **settings)
        data = bytearray(out.getvalue())
        if self.has_alpha and data[12:16] == b"VP8X":
            # libwebp forgets to announce transparency where every frame was cropped to what it
            # shows; readers would then draw the rest black.
            data[20] |= 0x10
        return bytes(data)

    def _as_gif(self, image: Any) -> bytes:
        frames = self._paletted(image)
        settings: dict[str, Any] = {"loop": self.plays - 1} if self.plays > 1 else {}
        settings |= {"loop": 0} if self.plays == 0 else {}
        settings |= {"disposal": 2, "transparency": _TRANSPARENT} if self.has_alpha else {}
        out = BytesIO()
        times = [10 * step for step in _steps(self.durations, 10)]
        first = next(frames)
        first.save(
            out, "GIF", save_all=True, append_images=frames, duration=times, optimize=False,
            **settings,
        )  # fmt: skip
        return with_gif_packet(out.getvalue(), self.xmp) if self.xmp else out.getvalue()

    def _paletted(self, image: Any) -> Iterator[Any]:
        """Each frame in its own 256 colours, or 255 and a transparent one."""
        from PIL import Image

        for number in range(len(self.durations)):
            image.seek(number)
            rgba = np.asarray(image.convert("RGBA"))
            colours = Image.fromarray(np.ascontiguousarray(rgba[..., :3]))
            frame = colours.quantize(255 if self.has_alpha else 256)
            if self.has_alpha:
                indices = np.where(rgba[..., 3] < 128, _TRANSPARENT, np.asarray(frame))
                palette = (frame.getpalette() or [])[: 3 * _TRANSPARENT]
                frame = Image.fromarray(indices.astype(np.uint8))
                frame.putpalette(palette + [0] * (768 - len(palette)))
                frame.info["transparency"] = _TRANSPARENT
            yield frame


def frame_losses(picture_format: str, icc: bytes | None) -> tuple[Notice, ...]:
    """What writing an animation in a format changes or leaves out, in sentences."""
    if picture_format != "GIF":
        return ()
    notices = [Notice("W110", "GIF holds 256 colours a frame and no half transparency.")]
    if icc:
        notices.append(Notice("W113", "GIF holds no colour profile: it was left out."))
    return tuple(notices)


def _fraction(milliseconds: float) -> tuple[int, int]:
    """A time in seconds as numerator and denominator of 16 bits each.

    >>> _fraction(100), _fraction(33.4), _fraction(120_000)
    ((100, 1000), (334, 10000), (12000, 100))
    """
    parts = 10_000 if milliseconds % 1 else 1000
    while round(milliseconds * parts / 1000) > 0xFFFF and parts > 1:
        parts //= 10
    return min(round(milliseconds * parts / 1000), 0xFFFF), parts


def _steps(durations: Sequence[float], unit: int) -> list[int]:
    """Times in whole units, rounded so that the sum stays true.

    >>> _steps([33.3, 33.3, 33.4], 10)
    [3, 4, 3]
    """
    ends = [round(end / unit) for end in accumulate(durations)]
    return [end - start for start, end in zip(chain([0], ends), ends, strict=False)]
