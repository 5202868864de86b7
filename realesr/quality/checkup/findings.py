"""The estimators' figures, put into sentences: one function a finding."""

from __future__ import annotations

from realesr.quality import estimators
from realesr.quality.checkup.report import Finding
from realesr.quality.estimators import Estimate, JpegTables, Noise
from realesr.quality.estimators.planes import Pixels

_NOISY, _SOFT, _COMPRESSED = 2.5, 0.9, 80
_BANDED, _BLOCKY = 0.05, 0.5
_UNTOLD = "{} cannot be told: the picture is too small or too flat."


def look(pixels: Pixels, tables: JpegTables | None = None) -> dict[str, Finding]:
    """All findings about a picture, by name.

    Args:
        pixels: HW or HWC, uint8 or uint16.
        tables: Of the JPEG file that it was read from.
    """
    noise = estimators.noise(pixels)
    return {
        "noise": _noise(noise),
        "blur": _blur(estimators.blur(pixels, noise.value)),
        "jpeg": _jpeg(pixels, tables),
        "blockiness": _blockiness(estimators.blockiness(pixels)),
        "banding": _banding(estimators.banding(pixels)),
        "enlargement": _enlargement(estimators.enlargement(pixels)),
    }


def _noise(found: Noise) -> Finding:
    if found.value is None:
        return _finding(found, _UNTOLD.format("Noise"))
    if found.value < 0.8:
        return _finding(found, "No noise to speak of.")
    kind = "each colour its own" if found.colour > 0.5 else "the same in all colours"
    kind = f" ({kind})" if len(found.channels) == 3 else ""
    strength = "Noise" if found.value >= _NOISY else "A little noise or fine texture"
    return _finding(
        found,
        f"{strength} of about {found.value:.1f} levels of 256{kind}.",
        matters=found.value >= _NOISY,
        colour=round(found.colour, 3),
        channels=[round(each, 3) for each in found.channels],
    )


def _blur(found: Estimate) -> Finding:
    if found.value is None:
        return _finding(found, "Sharpness cannot be told: no edge stands out.")
    if found.value < _SOFT:
        return _finding(found, "Its sharpest edges are sharp.")
    return _finding(found, f"Blurred, as by a Gaussian of {found.value:.1f} pixels.", matters=True)


def _jpeg(pixels: Pixels, tables: JpegTables | None) -> Finding:
    if tables is not None:
        near = "" if tables.exact else "about "
        return Finding(
            float(tables.quality),
            "quality",
            1.0 if tables.exact else 0.8,
            f"A JPEG file of quality {near}{tables.quality}.",
            tables.quality < _COMPRESSED,
            {"quality": tables.quality, "exact": tables.exact, "source": "tables"},
        )
    found = estimators.jpeg_quality(pixels)
    if found.value is None:
        return _finding(found, "No trace of JPEG.", quality=None, exact=False, source="pixels")
    return _finding(
        found,
        f"It went through JPEG of quality about {found.value:.0f}, and was saved again since.",
        matters=found.value < _COMPRESSED,
        quality=round(found.value),
        exact=False,
        source="pixels",
    )


def _blockiness(found: Estimate) -> Finding:
    if found.value is None:
        return _finding(found, _UNTOLD.format("Whether it has blocks"))
    if found.value < _BLOCKY:
        return _finding(found, "No blocks can be seen.")
    return _finding(
        found, f"Blocks of 8x8 pixels, {found.value:.1f} levels at their borders.", matters=True
    )


def _banding(found: Estimate) -> Finding:
    if found.value is None:
        return _finding(found, _UNTOLD.format("Whether it is banded"))
    if found.value < _BANDED:
        return _finding(found, "Its gradients are smooth.")
    return _finding(
        found, f"Gradients go in steps over {found.value:.0%} of the picture.", matters=True
    )


def _enlargement(found: Estimate) -> Finding:
    if found.value is None:
        return _finding(found, _UNTOLD.format("Whether it was enlarged"))
    if found.value <= 1.05:
        return _finding(found, "No trace of enlarging.")
    return _finding(
        found,
        f"It was enlarged {found.value:.3g} times; it holds no more detail than at that much less.",
        matters=True,
    )


def _finding(
    found: Estimate, sentence: str, *, matters: bool = False, **details: object
) -> Finding:
    return Finding(found.value, found.unit, found.confidence, sentence, matters, details)
