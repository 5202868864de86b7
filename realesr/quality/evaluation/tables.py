"""An evaluation as a Markdown table (which is also the terminal's), CSV, and plain values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations

from realesr.quality.evaluation.results import Evaluation, Mean, Subject
from realesr.quality.evaluation.statistics import RESAMPLES

Group = tuple[str, str]


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up on a terminal too.

    >>> print(aligned(["model", "dB"], [["bicubic", "26.7"]]))
    | model   |   dB |
    |---------|------|
    | bicubic | 26.7 |
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return f"| {' | '.join([first, *rest])} |"

    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([line(head), rule, *map(line, rows)])


def as_markdown(found: Evaluation, *, against: str | None = None) -> str:
    """Every group's table, comparisons, and how the figures were made.

    Args:
        found: The evaluation.
        against: The model others are compared with; None for the first.
    """
    parts = []
    for group in found.groups:
        parts += [f"### {group[0]}, degraded by {group[1]}", means_table(found, group)]
        if compared := comparison_table(found, group, against):
            parts.append(compared)
    parts += [notes(found)]
    return "\n\n".join(part for part in parts if part) + "\n"


def means_table(found: Evaluation, group: Group) -> str:
    """Each model's means; the best of a column is set in bold."""
    best = {measure.name: found.best(group, measure) for measure in found.measures}
    head = ["model", "parameters", "ms", *(measure.title for measure in found.measures)]
    rows = []
    for subject in found.subjects:
        row = [subject.name, parameters(subject), milliseconds(subject)]
        for measure in found.measures:
            mean = found.mean(subject.name, group, measure.name)
            shown = "–" if mean is None else _with_doubt(mean, measure.digits)
            row.append(f"**{shown}**" if best[measure.name] == subject.name else shown)
        rows.append(row)
    return aligned(head, rows)


def comparison_table(found: Evaluation, group: Group, against: str | None) -> str:
    """Each other model minus one, picture by picture, with the chance that it is luck."""
    names = [subject.name for subject in found.subjects]
    if len(names) < 2:
        return ""
    base = against if against in names else names[0]
    columns = {
        measure.name: found.comparisons(group, measure.name, base) for measure in found.measures
    }
    count = max((each.count for column in columns.values() for each, _ in column), default=0)
    rows = []
    for name in names:
        row = [name]
        for measure in found.measures:
            cell = next(((c, p) for c, p in columns[measure.name] if c.first == name), None)
            if cell is None:
                row.append("–")
                continue
            compared, chance = cell
            row.append(
                f"{compared.difference:+.{measure.digits}f} "
                f"({compared.wins}/{compared.count}, p {_chance(chance)})"
            )
        if name != base:
            rows.append(row)
    head = [f"minus {base}", *(measure.title for measure in found.measures)]
    least = 2 / 2**count
    words = (
        "Mean difference on the same pictures (pictures on which it is better, probability that "
        "two equals differ so much by luck: paired sign-flip test, Holm's correction over the "
        "column)."
    )
    if least > 0.05:
        words += f" Of {count} pictures no p is under {least:.2g}: too few to settle anything."
    return f"{words}\n\n{aligned(head, rows)}"


def notes(found: Evaluation) -> str:
    """How the figures were made, and what was left out."""
    lines = [
        f"- {measure.heading}: {found.protocols[measure.name]}."
        for measure in found.measures
        if measure.name in found.protocols
    ]
    lines.append(
        f"- In brackets: 95 % of {RESAMPLES:,} bootstrap resamplings of the pictures. Seed "
        f"{found.seed}; every model was given the same 8-bit inputs; results were computed in "
        f"{found.precision} and rounded to 8 bit."
    )
    if any(subject.milliseconds is not None for subject in found.subjects):
        lines.append(
            "- ms: one whole call on 256x256 pixels at the model's own scale, default settings, "
            "median of 3, on the machine that made this table."
        )
    lines += [f"- Left out: {each.what}: {each.error}" for each in found.refused]
    lines += [f"- {found.stopped}"] if found.stopped else []
    return "\n".join(lines)


def as_csv(found: Evaluation) -> str:
    """One line for each model and picture."""
    text = io.StringIO()
    names = [measure.name for measure in found.measures]
    head = ["dataset", "recipe", "picture", "seed", "width", "height", "model", "seconds"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*head, *names])
    for row in found.rows:
        plain = asdict(row)
        writer.writerow(
            [*(plain[key] for key in head), *(row.scores.get(name, "") for name in names)]
        )
    return text.getvalue()


def as_document(found: Evaluation) -> dict[str, object]:
    """Plain values, for JSON; a figure that is no finite number is null."""
    names = [subject.name for subject in found.subjects]
    models = [
        {
            "name": subject.name,
            "parameters": subject.parameters,
            "milliseconds": subject.milliseconds,
            **{key: subject.spec.as_dict()[key] for key in _FACTS},
        }
        for subject in found.subjects
    ]
    means, compared = [], []
    for group in found.groups:
        place = {"dataset": group[0], "recipe": group[1]}
        for measure in found.measures:
            kind = {**place, "measure": measure.name}
            for name in names:
                mean = found.mean(name, group, measure.name)
                if mean is not None:
                    means.append({**kind, "model": name, **_plain(asdict(mean))})
            for first, second in combinations(names, 2):
                pair = found.compare(first, second, group, measure.name)
                if pair is not None:
                    compared.append({**place, **_plain(asdict(pair))})
    return {
        "seed": found.seed,
        "precision": found.precision,
        "models": models,
        "protocols": found.protocols,
        "means": means,
        "comparisons": compared,
        "rows": [{**asdict(row), "scores": _plain(row.scores)} for row in found.rows],
        "refused": [{"what": each.what, "error": each.error.as_dict()} for each in found.refused],
        "stopped": found.stopped or None,
    }


_FACTS = ("architecture", "scale", "licence", "sha256")


def parameters(subject: Subject) -> str:
    """How many numbers were learned, in thousands or millions.

    >>> count = lambda number: Subject("", None, number)
    >>> [parameters(count(number)) for number in (0, 20_099, 1_213_296, 16_697_987)]
    ['0', '20 k', '1.21 M', '16.7 M']
    """
    count = subject.parameters
    if count < 1000:
        return str(count)
    return f"{count / 1e3:.0f} k" if count < 1e6 else f"{count / 1e6:.3g} M"


def milliseconds(subject: Subject) -> str:
    """The time on 256x256 pixels, with three digits."""
    if subject.milliseconds is None:
        return "–"
    return (
        f"{subject.milliseconds:.0f}"
        if subject.milliseconds >= 10
        else (f"{subject.milliseconds:.1f}")
    )


def _with_doubt(mean: Mean, digits: int) -> str:
    shown = f"{mean.value:.{digits}f}"
    if mean.count < 2:
        return shown
    fewer = max(1, digits - 1)
    return f"{shown} [{mean.low:.{fewer}f}, {mean.high:.{fewer}f}]"


def _chance(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """Without what JSON has no word for."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in values.items()
    }
