"""Draw the figure of ``docs/checkup.md``: ``python docs/figures/make_checkup.py [FOLDER]``.

A dot is a picture damaged by a known amount and what the check-up says of it, from its pixels. The
pictures are those of ``benchmarks/checkup.py``: photographs that come with scikit-image
(astronaut: NASA, public domain; chelsea, coffee, rocket: CC0; the others public domain), and those
of a folder where one is named.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import checkup
import damaged
from sheet import FAINT, Sheet

from realesr.figures import BLUE, ORANGE

SIDE, GAP = 210, 84


def draw(folder: Path | None) -> None:
    """Noise, blur, JPEG quality and factor of 240 pictures; the motion of 60 others."""
    seen = checkup.look(damaged.cases(240, folder, damaged.PROMISED[:4]))
    seen += checkup.look(damaged.cases(60, folder, ("smeared",)))
    sheet = Sheet(3 * (SIDE + GAP) + 30, 2 * (SIDE + GAP) + 10)
    panels = (
        ("noise", "noise, sigma", "levels of 256", 0.20, 45.0),
        ("blur", "blur, sigma", "px", 0.25, 5.0),
        ("jpeg", "JPEG quality", "quality", 0.0, 100.0),
        ("enlargement", "enlarged", "times", 0.0, 5.0),
        ("motion", "motion, length", "px", 0.0, 24.0),
    )
    for place, (name, title, unit, band, top) in enumerate(panels):
        left, upper = 60 + place % 3 * (SIDE + GAP), 28 + place // 3 * (SIDE + GAP)
        axes = sheet.axes(left, upper, SIDE, SIDE)
        axes.plot([0, top], [0, top], color=FAINT, linewidth=1)
        for share in (1 - band, 1 + band) if band else ():
            axes.plot([0, top], [0, share * top], color=FAINT, linewidth=0.8, linestyle=":")
        chosen = [each for each in seen if name in each.case.truth]
        told = [each for each in chosen if each.value(name)]
        axes.plot(
            [float(each.case.truth[name]) for each in told],
            [each.value(name) for each in told],
            "o",
            color=BLUE,
            markersize=3.5,
            markeredgewidth=0,
            alpha=0.6,
        )
        untold = [float(each.case.truth[name]) for each in chosen if not each.value(name)]
        axes.plot(untold, [0] * len(untold), "x", color=ORANGE, markersize=5, clip_on=False)
        axes.set(title=title, xlabel=f"true / {unit}", ylabel=f"found / {unit}")
        axes.set(xlim=(0, top), ylim=(0, top))
    angles(sheet, [each for each in seen if each.case.damage == "smeared" and each.value("motion")])
    sheet.save("checkup")


def angles(sheet: Sheet, told: list[checkup.Seen]) -> None:
    """The direction of the motion, where it was found."""
    axes = sheet.axes(60 + 2 * (SIDE + GAP), 28 + SIDE + GAP, SIDE, SIDE)
    axes.plot([0, 180], [0, 180], color=FAINT, linewidth=1)
    axes.plot(
        [float(each.case.truth["angle"]) for each in told],
        [float(str(each.detail("motion", "angle"))) for each in told],
        "o",
        color=BLUE,
        markersize=3.5,
        markeredgewidth=0,
        alpha=0.6,
    )
    axes.set(title="motion, direction", xlabel="true / degrees", ylabel="found / degrees")
    axes.set(xlim=(0, 180), ylim=(0, 180))


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
