"""The check-up measured: what it says of pictures damaged by known amounts, and how long it takes.

python benchmarks/checkup.py [--pictures 300] [--further 120] [--folder Set5] [--quick]

``docs/figures/make_checkup.py`` draws the same figures, a dot a picture.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from damaged import FURTHER, PROMISED, Case, cases, photographs
from report import machine, table, write_section

from realesr.quality.checkup import Checkup, inspect
from realesr.quality.estimators import read_tables


@dataclass(frozen=True)
class Seen:
    """A damaged picture and what was found out about it."""

    case: Case
    found: Checkup

    def value(self, name: str) -> float | None:
        """A finding's figure."""
        return self.found.findings[name].value

    def detail(self, name: str, which: str) -> object:
        """A finding's further figure."""
        return self.found.findings[name].details.get(which)


def look(damaged: Iterable[Case]) -> list[Seen]:
    """Check every picture, from its pixels alone."""
    return [Seen(case, inspect(case.pixels)) for case in damaged]


@dataclass(frozen=True)
class Score:
    """How well one quantity was told.

    Attributes:
        quantity: What it is called.
        pictures: How many were asked about.
        figure: The figure that was promised to stay below, or to reach.
        promised: That promise; None where there is none.
        at_least: Whether the figure must reach the promise, instead of staying below.
        words: The figure and what goes with it.
    """

    quantity: str
    pictures: int
    figure: float
    promised: float | None
    words: str
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        if self.promised is None:
            return True
        if self.at_least:
            return self.figure >= self.promised
        return self.figure <= self.promised


def scores(seen: Sequence[Seen]) -> list[Score]:
    """Every score that these pictures allow, those with a promise first."""
    found: list[Score] = []
    for name, promised in (("noise", 0.20), ("blur", 0.25)):
        if chosen := [each for each in seen if name in each.case.truth]:
            found.append(_relative(name, chosen, promised))
    if chosen := [each for each in seen if each.case.damage == "compressed"]:
        found += [_quality(chosen), _tables(chosen)]
    if chosen := [each for each in seen if "enlargement" in each.case.truth]:
        found.append(_share("enlarged, factor", chosen, _factor_right, 0.90))
    found.append(_share("line art or photo", seen, _detail_right("content", "kind"), 0.95))
    for name, kind in (("line art", "line art"), ("photo", "photo")):
        chosen = [each for each in seen if each.case.truth["content"] == kind]
        found.append(_share(f"of these, {name}", chosen, _detail_right("content", "kind")))
    return found + _further(seen)


def _further(seen: Sequence[Seen]) -> list[Score]:
    found = []
    for name, truth, which in (
        ("noise in gray or colour", "kind", "kind"),
        ("noise Gaussian or Poisson", "law", "law"),
    ):
        if chosen := [each for each in seen if truth in each.case.truth]:
            right = _detail_right("noise", which, truth)
            told = [each for each in chosen if each.detail("noise", which)]
            found.append(_share(f"{name}, where told", told, right))
    if chosen := [each for each in seen if "chroma" in each.case.truth]:
        told = [each for each in chosen if each.value("chroma") is not None]
        found.append(
            _share("chroma, where told", told, _detail_right("chroma", "scheme", "chroma"))
        )
    if chosen := [each for each in seen if each.case.damage == "smeared"]:
        found.append(_motion(chosen))
        others = [each for each in seen if each.case.damage != "smeared"]
        found.append(_share("no motion, others", others, lambda each: not each.value("motion")))
    if chosen := [each for each in seen if "first" in each.case.truth]:
        found.append(_share("JPEG before the last, within 3", chosen, _first_right))
        once = [each for each in seen if each.case.damage == "compressed"]
        right = _detail_right("jpeg", "first_quality", "")
        found.append(_share("no JPEG before, others", once, right))
    if chosen := [each for each in seen if each.case.damage == "framed"]:
        found.append(_share("borders, within 1 pixel", chosen, _borders_right))
    return found


def errors(name: str, seen: Sequence[Seen]) -> list[float]:
    """Relative errors; what was not told counts as wrong by all of it."""
    return [
        1.0 if (value := each.value(name)) is None else abs(value / float(truth) - 1)
        for each in seen
        for truth in (each.case.truth[name],)
    ]


def _relative(name: str, seen: Sequence[Seen], promised: float) -> Score:
    wrong = errors(name, seen)
    median, most = statistics.median(wrong), float(np.quantile(wrong, 0.9))
    words = f"off by {median:.1%} (median), {most:.0%} (nine in ten below)"
    return Score(f"{name}, sigma", len(seen), median, promised, words)


def _quality(seen: Sequence[Seen]) -> Score:
    wrong = [abs((each.value("jpeg") or 0) - float(each.case.truth["jpeg"])) for each in seen]
    median, near = statistics.median(wrong), np.mean(np.array(wrong) <= 6)
    words = f"off by {median:.1f} (median), within 6 in {near:.0%}"
    return Score("JPEG quality, from pixels", len(seen), median, 6.0, words)


def _tables(seen: Sequence[Seen]) -> Score:
    def right(each: Seen) -> bool:
        tables = read_tables(each.case.file)
        same = tables is not None and tables.subsampling == each.case.truth["chroma"]
        return same and tables is not None and tables.quality == each.case.truth["jpeg"]

    return _share("JPEG quality and chroma, from tables", seen, right, 1.0)


def _share(
    name: str, seen: Sequence[Seen], right: Callable[[Seen], bool], promised: float | None = None
) -> Score:
    share = float(np.mean([right(each) for each in seen])) if seen else 0.0
    return Score(name, len(seen), share, promised, f"{share:.1%} right", at_least=True)


def _factor_right(each: Seen) -> bool:
    return abs((each.value("enlargement") or 0) / float(each.case.truth["enlargement"]) - 1) < 0.02


def _detail_right(name: str, which: str, truth: str = "content") -> Callable[[Seen], bool]:
    return lambda each: each.detail(name, which) == each.case.truth.get(truth)


def _first_right(each: Seen) -> bool:
    first = each.detail("jpeg", "first_quality")
    return isinstance(first, int) and abs(first - float(each.case.truth["first"])) <= 3


def _borders_right(each: Seen) -> bool:
    return all(
        abs(float(str(each.detail("borders", side))) - float(each.case.truth[side])) <= 1
        for side in ("top", "left")
    )


def turned(each: Seen) -> float:
    """Degrees between the motion found and the true one, 0 to 90."""
    angle = float(str(each.detail("motion", "angle")))
    return abs((angle - float(each.case.truth["angle"]) + 90) % 180 - 90)


def _motion(seen: Sequence[Seen]) -> Score:
    told = [each for each in seen if each.value("motion")]
    share = len(told) / len(seen)
    if not told:
        return Score("motion", len(seen), 0.0, None, "none found")
    angle = statistics.median(turned(each) for each in told)
    length = statistics.median(errors("motion", told))
    words = f"found in {share:.0%}; off by {angle:.0f} degrees and {length:.1%} (medians)"
    return Score("motion", len(seen), share, None, words)


def seconds_a_megapixel(repeats: int) -> float:
    """The processor's seconds that a picture of one megapixel takes on one core: the median."""
    cv2.setNumThreads(1)
    photo = photographs()[0]
    pixels = np.tile(photo, (4, 4, 1))[:1000, :1000]
    inspect(pixels)
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        inspect(pixels)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def main(words: list[str] | None = None) -> None:
    """Measure, and write the section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--further", type=int, default=120)
    parser.add_argument("--folder", type=Path, help="more photographs, such as those of Set5")
    parser.add_argument("--quick", action="store_true", help="40 pictures, 8 further ones")
    options = parser.parse_args(words)
    pictures, further = (40, 8) if options.quick else (options.pictures, options.further)
    conditions = machine("opencv-python-headless", "pillow")
    seen = look(cases(pictures, options.folder, PROMISED))
    seen += look(cases(further, options.folder, FURTHER))
    rows = [
        [
            each.quantity,
            f"{each.pictures:,}",
            each.words,
            "" if each.promised is None else f"{each.promised:g}",
            "" if each.promised is None else "yes" if each.kept else "no",
        ]
        for each in scores(seen)
    ]
    body = table(["quantity", "pictures", "found", "promised", "kept"], rows)
    took = seconds_a_megapixel(5)
    body += (
        f"\n\nA picture of one megapixel takes {took:.2f} s of one core (promised: at most 0.5). "
        f"{pictures} pictures with one damage each, {further} with further ones; what goes to the "
        "check-up is their pixels. Photographs: scikit-image's"
        f"{' and those of ' + options.folder.name if options.folder else ''}; drawings and "
        "pages: `data_tools.synthetic`."
    )
    command = f"python benchmarks/checkup.py{' --quick' if options.quick else ''}"
    if options.folder:
        command += f" --folder {options.folder.name}"
    print(write_section("Check-up", command, conditions, body))


if __name__ == "__main__":
    main()
