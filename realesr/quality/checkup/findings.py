"""The estimators' figures, put into sentences: one function a finding."""

from __future__ import annotations

from collections.abc import Callable

from realesr.quality import estimators
from realesr.quality.checkup.compressed import chroma, jpeg
from realesr.quality.checkup.report import Finding, finding, untold
from realesr.quality.estimators import Borders, Estimate, JpegTables, Noise
from realesr.quality.estimators.planes import Pixels

# What is looked at of a large picture: its middle.
_SIDE = 1024
_NOISY, _SOFT, _RINGING = 2.5, 0.9, 0.06
_BANDED, _BLOCKY, _BORDERED = 0.05, 0.5, 0.005
_DARK, _BRIGHT, _FLAT, _LOST = 25.0, 230.0, 60.0, 0.05
_POISSON = 0.5
_KINDS = {"colour": "each colour has its own", "gray": "the same in all colours"}
_LAWS = {
    "Poisson": "it grows with brightness, as that of photons does (Poisson)",
    "Gaussian": "as strong in the dark as in the light (Gaussian)",
}


def look(pixels: Pixels, tables: JpegTables | None = None) -> dict[str, Finding]:
    """All findings about a picture, by name.

    Args:
        pixels: HW or HWC, uint8 or uint16.
        tables: Of the JPEG file that it was read from.
    """
    around = estimators.borders(pixels)
    middle = _middle(pixels, around)
    noise = estimators.noise(middle)
    found = {"noise": _noise(noise, middle), "blur": _blur(estimators.blur(middle, noise.value))}
    found["motion"] = _motion(estimators.motion_blur(middle, noise.value))
    found["jpeg"] = jpeg(middle, tables)
    found["chroma"] = chroma(middle, tables)
    for name, (estimator, say) in _PLAIN.items():
        found[name] = say(estimator(middle))
    found["content"] = _content(estimators.drawing(middle, noise.value))
    return {**found, "borders": _borders(around), "exposure": _exposure(pixels)}


def _middle(pixels: Pixels, around: Borders) -> Pixels:
    """The middle of what lies within the borders; it begins at a block of JPEG."""
    spans = []
    edges = ((around.top, around.bottom), (around.left, around.right))
    for side, (before, after) in zip(pixels.shape[:2], edges, strict=True):
        start, stop = -(-before // 8) * 8, side - after
        start += max(0, stop - start - _SIDE) // 16 * 8
        spans.append(slice(start, min(stop, start + _SIDE)) if stop > start else slice(None))
    return pixels[spans[0], spans[1]]


def _noise(found: Noise, pixels: Pixels) -> Finding:
    if found.value is None:
        return finding(found, untold("Noise"))
    if found.value < 0.8:
        return finding(found, "No noise to speak of.")
    said, details = [], {}
    if len(found.channels) == 3:
        kind = "colour" if found.colour > 0.5 else "gray"
        said.append(_KINDS[kind])
        channels = [round(each, 3) for each in found.channels]
        details = {"kind": kind, "colour": round(found.colour, 3), "channels": channels}
    matters = found.value >= _NOISY
    shot = estimators.shot_noise(pixels) if matters else None
    if shot and shot.value is not None:
        law = "Poisson" if shot.value > _POISSON else "Gaussian"
        said.append(_LAWS[law])
        details |= {"law": law, "law_confidence": round(shot.confidence, 3)}
    strength = "Noise" if matters else "A little noise or fine texture"
    more = f": {'; '.join(said)}" if said else ""
    sentence = f"{strength} of about {found.value:.1f} levels of 256{more}."
    return finding(found, sentence, details, matters=matters)


def _blur(found: Estimate) -> Finding:
    if found.value is None:
        return finding(found, "Sharpness cannot be told: no edge stands out.")
    if found.value < _SOFT:
        return finding(found, "Its sharpest edges are sharp.")
    sentence = f"Blurred, as by a Gaussian of {found.value:.1f} pixels."
    return finding(found, sentence, matters=True)


def _motion(found: estimators.Motion) -> Finding:
    if found.value is None:
        return finding(found, untold("Motion"), {"angle": None})
    if not found.value:
        return finding(found, "No trace of motion.", {"angle": None})
    sentence = (
        f"Smeared over about {found.value:.0f} pixels at {found.angle:.0f} degrees "
        "(0 is level, 90 is upright)."
    )
    return finding(found, sentence, {"angle": found.angle}, matters=True)


def _blockiness(found: Estimate) -> Finding:
    if found.value is None:
        return finding(found, untold("Whether it has blocks"))
    if found.value < _BLOCKY:
        return finding(found, "No blocks can be seen.")
    steps = f"steps of {found.value:.1f} levels of 256 at their borders"
    sentence = f"Blocks of 8x8 pixels show: {steps}."
    return finding(found, sentence, matters=True)


def _banding(found: Estimate) -> Finding:
    if found.value is None:
        return finding(found, untold("Whether it is banded"))
    if found.value < _BANDED:
        return finding(found, "Its gradients are smooth.")
    sentence = f"Gradients go in steps over {found.value:.0%} of the picture."
    return finding(found, sentence, matters=True)


def _ringing(found: Estimate) -> Finding:
    if found.value is None:
        return finding(found, "Whether edges ring cannot be told: hardly any stands alone.")
    if found.value < _RINGING:
        return finding(found, "Its edges do not ring.")
    sentence = f"Halos or rings beside edges, {found.value:.0%} of their height."
    return finding(found, sentence, matters=True)


def _enlargement(found: Estimate) -> Finding:
    if found.value is None:
        return finding(found, untold("Whether it was enlarged"))
    if found.value <= 1.05:
        return finding(found, "No trace of enlarging.")
    sentence = f"It was enlarged {found.value:.3g} times, and holds no more detail than before."
    return finding(found, sentence, matters=True)


def _content(found: Estimate) -> Finding:
    if found.value is None:
        return finding(found, untold("Whether it is a photo"), {"kind": None})
    if found.value > 0.5:
        return finding(found, "Line art, lettering or flat colours.", {"kind": "line art"})
    return finding(found, "A photo, or painted like one.", {"kind": "photo"})


def _borders(found: Borders) -> Finding:
    sides = {name: getattr(found, name) for name in ("top", "right", "bottom", "left")}
    if found.value is None:
        return finding(found, untold("Whether it has borders"), sides)
    if found.value < _BORDERED:
        return finding(found, "No plain borders.", sides)
    said = ", ".join(f"{name} {count}" for name, count in sides.items() if count)
    return finding(found, f"Plain borders, in pixels: {said}.", sides, matters=True)


def _exposure(pixels: Pixels) -> Finding:
    found = estimators.exposure(pixels)
    light = found.value or 0.0
    faults = []
    if light < _DARK:
        faults.append("very dark")
    if light > _BRIGHT:
        faults.append("very bright")
    if found.contrast < _FLAT:
        faults.append(f"little contrast ({found.contrast:.0f} levels of 256)")
    if found.black > _LOST:
        faults.append(f"{found.black:.0%} of it is black")
    if found.white > _LOST:
        faults.append(f"{found.white:.0%} of it is white")
    said = ", ".join(faults)
    details = {
        "black": round(found.black, 4),
        "white": round(found.white, 4),
        "contrast": round(found.contrast, 1),
    }
    sentence = f"{said[0].upper()}{said[1:]}." if said else "Well exposed."
    return finding(found, sentence, details, matters=bool(faults))


_PLAIN: dict[str, tuple[Callable[[Pixels], Estimate], Callable[[Estimate], Finding]]] = {
    "blockiness": (estimators.blockiness, _blockiness),
    "banding": (estimators.banding, _banding),
    "ringing": (estimators.ringing, _ringing),
    "enlargement": (estimators.enlargement, _enlargement),
}
