"""The lessons as pages of a book: complete in themselves, without a network, on a telephone."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from course.lessons import Lesson, is_solution

STYLE = """
:root { color-scheme: light }
body { max-width: 58rem; margin: 0 auto; padding: 1rem; background: #fff; color: #19191e;
  font: 17px/1.6 system-ui, sans-serif; overflow-wrap: break-word }
h1, h2, h3 { line-height: 1.25; margin: 1.6em 0 .5em } h1 { margin-top: .4em }
a { color: #005587 } nav { display: flex; justify-content: space-between; gap: 1rem }
pre, code { font: .82em/1.5 ui-monospace, monospace } code { background: #f2f2ef }
pre { padding: .7rem .9rem; overflow-x: auto; background: #f6f6f3; border-radius: 6px }
pre code { background: none }
figure { margin: 1em 0 } img { max-width: 100%; height: auto }
figcaption { color: #55555c; font-size: .94em }
details { border: 1px solid #dcdcd6; border-radius: 6px; padding: .4rem .9rem; margin: 1em 0 }
summary { cursor: pointer } table { border-collapse: collapse; display: block; overflow-x: auto }
td, th { padding: .25rem .8rem .25rem 0; text-align: left; border-bottom: 1px solid #e4e4e0 }
.output pre { background: none; border-left: 3px solid #dcdcd6; border-radius: 0;
  white-space: pre-wrap }
.anchor-link { display: none }
@media (max-width: 560px) {
  figure { overflow-x: auto } figure img { max-width: 200% !important } }
.lessons { list-style: none; padding: 0 } .lessons li { margin: 1em 0 }
"""


def write_page(lesson: Lesson, executed: Any, folder: Path, others: list[Lesson]) -> Path:
    """Write one executed lesson as HTML.

    Args:
        lesson: Which one.
        executed: The notebook with outputs.
        folder: Where the page goes, as ``NN_name.html``.
        others: All lessons of the book, for the links to the next and the one before.
    """
    parts = [_cell(cell) for cell in executed.cells if not _is_hidden(cell)]
    names = [other.name for other in others]
    place = names.index(lesson.name)
    before = _link(others[place - 1]) if place else '<a href="index.html">All lessons</a>'
    after = _link(others[place + 1]) if place + 1 < len(others) else "<span></span>"
    navigation = f"<nav>{before}{after}</nav>"
    path = folder / f"{lesson.name}.html"
    path.write_text(page(lesson.title, navigation + "".join(parts) + navigation), encoding="utf-8")
    return path


def write_index(folder: Path, lessons: list[Lesson]) -> Path:
    """Write the page that the book opens with."""
    rows = []
    for lesson in lessons:
        question = re.search(r"\*\*Question:\*\*(.+?)(\n\n|$)", lesson.cells()[0].source, re.S)
        words = " ".join(question.group(1).replace("*", "").split()) if question else ""
        rows.append(f"<li>{_link(lesson)}<br>{html.escape(words)}</li>")
    listed = "".join(rows)
    body = (
        "<h1>From one pixel to a published model</h1><p>Ten lessons in super-resolution. Guess "
        "before you look at an answer; the pictures were made when this book was built.</p>"
        f'<ol class="lessons">{listed}</ol>'
    )
    path = folder / "index.html"
    path.write_text(page("From one pixel to a published model", body), encoding="utf-8")
    return path


def page(title: str, body: str) -> str:
    """A whole HTML page that needs nothing else."""
    from pygments.formatters import HtmlFormatter

    colours = HtmlFormatter(style="friendly").get_style_defs("pre")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{colours}{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _link(lesson: Lesson) -> str:
    return f'<a href="{lesson.name}.html">{html.escape(lesson.title)}</a>'


def _is_hidden(cell: Any) -> bool:
    """What is folded in a notebook and is no solution belongs to the machine: the installation."""
    folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
    return bool(folded) and not is_solution(cell)


def _cell(cell: Any) -> str:
    if cell.cell_type == "markdown":
        from nbconvert.filters.markdown import markdown2html

        text: str = markdown2html(cell.source)
        return text
    code = f"<pre>{_coloured(cell.source)}</pre>"
    if is_solution(cell):
        code = f"<details><summary>A solution</summary>{code}</details>"
    return code + "".join(f'<div class="output">{_output(each)}</div>' for each in cell.outputs)


def _coloured(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    text: str = highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))
    return text


def _output(output: Any) -> str:
    if output.output_type == "stream":
        return f"<pre>{html.escape(output.text)}</pre>"
    data = output.get("data", {})
    if "text/html" in data:
        return str(data["text/html"])
    return f"<pre>{html.escape(data.get('text/plain', ''))}</pre>"
