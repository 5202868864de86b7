"""Pieces of the page: everything that comes from a file's name is escaped here and nowhere else."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from data_tools.report.measuring import Sight


def words(text: object) -> str:
    """Text for a page, whatever a file's name holds.

    >>> words("<b>.png")
    '&lt;b&gt;.png'
    """
    return escape(str(text).encode("utf-8", "backslashreplace").decode(), quote=True)


def thumb(name: str, sight: Sight | None, caption: str, *, first: bool = False) -> str:
    """A small copy with a line below it; a gray square where there is none."""
    kind = "thumb first" if first else "thumb"
    if sight is None:
        inside = '<span class="soft">not here</span>'
    else:
        data = base64.b64encode(sight.thumbnail).decode()
        inside = (
            f'<img loading="lazy" src="data:image/jpeg;base64,{data}" alt="{words(short(name))}">'
        )
    return (
        f'<figure class="{kind}" title="{words(name)}"><div class="frame">{inside}</div>'
        f"<figcaption>{words(caption)}</figcaption></figure>"
    )


def plot(svg: str, says: str) -> str:
    """A plot, and what it says for those who do not see it."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{words(says)}"></figure>'


def card(title: str, how: str, *inside: str) -> str:
    """A plot or two under a title, with a sentence on how to read it."""
    return f'<div class="card"><h3>{words(title)}</h3><p>{words(how)}</p>{"".join(inside)}</div>'


def section(key: str, title: str, how: str, *inside: str) -> str:
    """A part of the page."""
    return (
        f'<section id="{key}"><h2>{words(title)}</h2><p class="how">{words(how)}</p>'
        f"{''.join(inside)}</section>"
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], numbers: int = 0) -> str:
    """A table whose last columns are numbers.

    Args:
        heads: The titles of the columns.
        rows: The cells.
        numbers: How many of the last columns are numbers.
    """
    start = len(heads) - numbers

    def line(tag: str, cells: Sequence[object]) -> str:
        marked = (
            f'<{tag} class="number">{words(cell)}</{tag}>'
            if place >= start
            else f"<{tag}>{words(cell)}</{tag}>"
            for place, cell in enumerate(cells)
        )
        return f"<tr>{''.join(marked)}</tr>"

    body = "".join(line("td", row) for row in rows)
    return (
        f'<div class="scroll"><table><thead>{line("th", heads)}</thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def figure(value: float) -> str:
    """A score in few digits, without an exponent.

    >>> figure(1411.0), figure(98.0), figure(0.337), figure(0.00009)
    ('1,411', '98', '0.34', '0')
    """
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def short(name: str) -> str:
    """The last part of a path.

    >>> short("photos/a/b.png")
    'b.png'
    """
    return name.rstrip("/").rpartition("/")[2] or name
