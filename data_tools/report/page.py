"""The report's page: one HTML file with everything in it, which asks nothing of anybody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data_tools.report import figures
from data_tools.report.findings import findings, signed, summary
from data_tools.report.gathering import Entry, Left, Material, evenly
from data_tools.report.pieces import card, figure, plot, section, short, table, thumb, words
from data_tools.rules import RULES, Rule
from realesr import __version__
from realesr.figures import AMBER, GREEN

SHEET, ENDS, GROUPS, EXAMPLES = 48, 6, 16, 12
COPIES = ("exact", "near", "tiles", "test_sets")
# What a browser may do with the page: show the pictures that are in it, and nothing else.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(material: Material) -> str:
    """The whole page."""
    name = material.folder.resolve().name or str(material.folder)
    parts = [
        part
        for part in (
            _sheet(material),
            _left_out(material),
            _scores(material),
            _copies(material),
            _colour(material),
            _frequency(material),
            _sizes(material),
            _licences(material),
        )
        if part
    ]
    style = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    links = "".join(f'<a href="#{key}">{words(title)}</a>' for key, title, _ in parts)
    kind = "data set" if material.built else "pictures, judged as realesr-data build would"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<link rel="icon" href="data:,"><title>{words(name)}: report</title>'
        f"<style>{style}</style></head><body>"
        f'<header><h1>{words(name)}</h1><p class="soft">{words(kind)}</p>'
        f"{_tiles(material)}{_findings(material)}<nav>{links}</nav></header>"
        f"<main>{''.join(text for _, _, text in parts)}</main>"
        f"<footer>Made by realesr-data inspect, realesr {words(__version__)}. "
        "docs/reading-a-report.md explains every part.</footer></body></html>\n"
    )


Part = tuple[str, str, str] | None


def _part(key: str, title: str, how: str, *inside: str) -> Part:
    return key, title, section(key, title, how, *inside)


def _tiles(material: Material) -> str:
    said = "".join(
        f"<li><b>{words(value)}</b><span>{words(label)}</span></li>"
        for label, value in summary(material)
    )
    return f'<ul class="tiles">{said}</ul>'


def _findings(material: Material) -> str:
    said = "".join(
        f'<li class="{"look" if finding.doubt else "fine"}">{words(finding.sentence)}</li>'
        for finding in findings(material)
    )
    return f'<ul class="findings">{said}</ul>'


def _sheet(material: Material) -> Part:
    if not material.entries:
        return None
    shown = evenly(material.entries, SHEET)
    sheet = "".join(
        thumb(entry.name, material.sights.get(entry.name), short(entry.name)) for entry in shown
    )
    how = (
        f"{len(shown)} of {len(material.entries):,} pictures, evenly spread. "
        "Look for what does not belong: frames, text, screenshots, the same scene again."
    )
    return _part("sheet", "Contact sheet", how, f'<div class="sheet">{sheet}</div>')


def _left_out(material: Material) -> Part:
    if not material.left:
        return None
    by_rule: dict[str, list[Left]] = defaultdict(list)
    for each in material.left:
        by_rule[each.rule].append(each)
    often = {rule: len(found) for rule, found in by_rule.items()}
    bars = figures.counts(often, AMBER, "pictures")
    says = "Pictures by rule: " + ", ".join(f"{rule} {count}" for rule, count in often.items())
    lists = "".join(
        f"<details><summary>{words(rule)}: {count:,}</summary>"
        + _examples(material, by_rule[rule])
        + "</details>"
        for rule, count in sorted(often.items(), key=lambda item: -item[1])
    )
    title = "What was left out" if material.built else "What a build would leave out"
    how = (
        "Each rule has a threshold; a picture may meet several rules. Open one to see which "
        "pictures it met, and judge whether it was right."
    )
    box = card("By rule", "How many pictures each rule met.", plot(bars, says))
    return _part("left-out", title, how, f'<div class="halves">{box}<div>{lists}</div></div>')


def _examples(material: Material, found: list[Left]) -> str:
    shown = evenly(found, EXAMPLES)
    sheet = "".join(
        thumb(
            each.source,
            material.sights.get(each.source),
            short(each.source) if each.score is None else figure(each.score),
        )
        for each in shown
        if each.source in material.sights
    )
    rows = [(each.source, each.sentence) for each in shown]
    more = len(found) - len(shown)
    note = f'<p class="soft">{more:,} more are in the table of rejections.</p>' if more else ""
    pictures = f'<div class="sheet">{sheet}</div>' if sheet else ""
    return pictures + table(("picture", "why"), rows) + note


def _bracketed(score: float | None) -> str:
    return "" if score is None else f" ({figure(score)})"


def _scores(material: Material) -> Part:
    cards = [text for rule in RULES if (text := _score(material, rule))]
    if not cards:
        return None
    how = (
        "Blue was kept, orange left out, the red line is the threshold. A threshold is well placed "
        "where there are few pictures on either side of it."
    )
    return _part("scores", "Scores", how, f'<div class="plots">{"".join(cards)}</div>')


def _score(material: Material, rule: Rule) -> str:
    left = [
        each.score for each in material.left if each.rule == rule.name and each.score is not None
    ]
    met = {each.source for each in material.left if each.rule == rule.name}
    passed = [one for one in ranked(material.entries, rule) if one.source not in met]
    kept = [score for one in passed if (score := one.scores[rule.name]) is not None]
    if not kept and not left:
        return ""
    passed = passed if len(set(kept)) > 1 else []
    limit = material.thresholds.get(rule.name)
    says = f"Histogram of {rule.name}: {len(kept)} kept, {len(left)} left out"
    says += f", median of those kept {np.median(kept):.3g} {rule.unit}." if kept else "."
    picture = plot(figures.scores(rule, kept, left, limit), says)
    ends = ""
    for label, entries in (("best", passed[:ENDS]), ("worst that passed", passed[::-1][:ENDS])):
        row = "".join(
            thumb(one.name, material.sights.get(one.name), figure(one.scores[rule.name] or 0))
            for one in entries
        )
        ends += f'<p class="label">{label}</p><div class="ends">{row}</div>' if row else ""
    return card(rule.name, (rule.measure.__doc__ or "").partition("\n")[0], picture, ends)


def ranked(entries: list[Entry], rule: Rule) -> list[Entry]:
    """One entry for each source with a score, the best first."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.scores.get(rule.name) is not None:
            first.setdefault(entry.source, entry)
    sign = 1 if rule.passes == "at most" else -1
    return sorted(first.values(), key=lambda one: sign * float(one.scores[rule.name] or 0))


def groups(material: Material) -> dict[str, list[Left]]:
    """What was found to be a copy, by the picture that it is a copy of."""
    found: dict[str, list[Left]] = defaultdict(list)
    for each in material.left:
        if each.rule in COPIES:
            found[each.other or each.rule].append(each)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _copies(material: Material) -> Part:
    found = groups(material)
    if not found:
        return None
    names = {entry.source: entry.name for entry in reversed(material.entries)}
    lines = []
    for original, copies in list(found.items())[:GROUPS]:
        line = ""
        if original not in COPIES:
            name = names.get(original, original)
            line = thumb(name, material.sights.get(name), f"kept: {short(original)}", first=True)
        line += "".join(
            thumb(
                each.source,
                material.sights.get(each.source),
                f"{each.rule}{_bracketed(each.score)}: {short(each.source)}",
            )
            for each in copies[: 2 * ENDS - 1]
        )
        lines.append(f'<div class="group">{line}</div>')
    how = (
        f"Copies found: {sum(map(len, found.values())):,}, in groups: {len(found):,}. The picture "
        "with the blue frame is kept. exact: the same pixels; near: looks the same, with so many "
        "bits of 256 that differ; tiles: that share of it is part of the other; test_sets: a "
        "picture that models are tested with."
    )
    return _part("copies", "Copies", how, *lines)


def _colour(material: Material) -> Part:
    sights = list(material.sights.values())
    if not sights:
        return None
    levels = np.stack([each.levels for each in sights])
    hues = np.stack([each.hues for each in sights])
    dark, bright = (float(levels[:, 3, end].mean()) for end in (0, -1))
    first = card(
        "Levels",
        "How bright pixels are. A spike at either end is light that was cut off.",
        plot(
            figures.levels(levels),
            f"Levels: {dark:.1%} of the pixels are nearly black, {bright:.1%} nearly white.",
        ),
    )
    second = card(
        "Colours",
        "Gray is in the middle, vivid colours are far out. A set of one colour teaches one colour.",
        plot(figures.colours(hues), "The plane of colours, each cell as strong as it is frequent."),
    )
    how = f"Over {len(sights):,} pictures, made small."
    return _part("colour", "Colour", how, f'<div class="plots">{first}{second}</div>')


def _frequency(material: Material) -> Part:
    power = [each.power for each in material.sights.values() if each.power is not None]
    slopes = [each.slope for each in material.sights.values() if each.slope is not None]
    if not power or not slopes:
        return None
    first = card(
        "Power over frequency",
        "Photographs follow the dashed line. A curve that drops before the right end is soft: "
        "enlarged, denoised or out of focus.",
        plot(figures.power(np.stack(power)), "Power over frequency beside 1 / frequency squared."),
    )
    second = card(
        "Slopes",
        "Around −2 for photographs; below −3 soft, above −1.5 noisy, drawn or text.",
        plot(
            figures.slopes(slopes),
            f"Slopes of {len(slopes)} pictures, median {signed(float(np.median(slopes)))}.",
        ),
    )
    how = f"The middle 256 pixels of {len(power):,} pictures."
    return _part("frequency", "Frequency", how, f'<div class="plots">{first}{second}</div>')


def _sizes(material: Material) -> Part:
    if not material.entries:
        return None
    widths, heights = zip(*(entry.size for entry in material.entries), strict=True)
    says = f"Widths from {min(widths)} to {max(widths)}, heights from {min(heights)}"
    box = card(
        "Width and height",
        "Each dot is a size; the larger the dot, the more pictures have it.",
        plot(figures.sizes(widths, heights), f"{says} to {max(heights)} pixels."),
    )
    kinds = Counter((entry.mode, f"{entry.bits} bit") for entry in material.entries)
    splits = Counter(entry.split or "none" for entry in material.entries)
    rows = [(*kind, f"{count:,}") for kind, count in kinds.most_common()]
    rows += [("split", split, f"{count:,}") for split, count in splits.most_common()]
    inner = card("Kinds", "Channels, depth, and splits.", table(("", "", "pictures"), rows, 1))
    how = "What a crop is cut from: a picture smaller than the crop teaches nothing."
    return _part("sizes", "Sizes", how, f'<div class="plots">{box}{inner}</div>')


def _licences(material: Material) -> Part:
    if not material.entries:
        return None
    often = Counter(entry.licence for entry in material.entries)
    says = "Pictures by licence: " + ", ".join(f"{name} {count}" for name, count in often.items())
    bars = card(
        "By licence",
        "Unknown ones may be trained on at your own risk, and are never pushed.",
        plot(figures.counts(often, GREEN, "pictures"), says),
    )
    authors = Counter((entry.author or "not said", entry.licence) for entry in material.entries)
    rows = [(*who, f"{count:,}") for who, count in authors.most_common(20)]
    people = card(
        "By author",
        "Those with most pictures; the manifest names all.",
        table(("author", "licence", "pictures"), rows, 1),
    )
    how = "Whose pictures these are."
    return _part("licences", "Licences", how, f'<div class="plots">{bars}{people}</div>')


def shown(material: Material) -> Iterator[str]:
    """The pictures that the page shows, whether statistics are made of them or not."""
    yield from (entry.name for entry in evenly(material.entries, SHEET))
    for rule in RULES:
        order = ranked(material.entries, rule)
        yield from (entry.name for entry in (*order[:ENDS], *order[::-1][: 3 * ENDS]))
    by_rule: dict[str, list[Left]] = defaultdict(list)
    for each in material.left:
        by_rule[each.rule].append(each)
    for found in by_rule.values():
        yield from (each.source for each in evenly(found, EXAMPLES))
    names = {entry.source: entry.name for entry in reversed(material.entries)}
    for original, copies in list(groups(material).items())[:GROUPS]:
        yield names.get(original, original)
        yield from (each.source for each in copies[: 2 * ENDS - 1])
