"""A lesson executed from its first cell to its last, and what is wrong with what came out."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from course.lessons import Lesson, notebook

LONGEST = 15 * 60


def run(lesson: Lesson, *, short: bool, student: bool = False) -> Any:
    """Execute a lesson in an empty folder, without a network and without widgets.

    Args:
        lesson: Which one.
        short: With ``QUICK=1``.
        student: The students' copy, whose exercises have no answers.

    Returns:
        The notebook with its outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: When a cell stops.
    """
    from nbclient import NotebookClient

    made = notebook(lesson, student=student)
    settings = {
        "QUICK": "1" if short else "0",
        "REALESR_PLAIN": "1",
        "HF_HUB_OFFLINE": "1",
        "MPLBACKEND": "Agg",
    }
    with tempfile.TemporaryDirectory() as folder, _environment(settings):
        client = NotebookClient(made, timeout=LONGEST, resources={"metadata": {"path": folder}})
        client.execute()
    return made


def faults(executed: Any) -> list[str]:
    """What a reader would stumble over: a figure without words, a check that fails, a warning."""
    found = []
    for place, cell in enumerate(executed.cells):
        for output in cell.get("outputs", []):
            found += [f"cell {place}: {fault}" for fault in _faults(output)]
    return found


def _faults(output: Any) -> Iterator[str]:
    data = output.get("data", {})
    page = "".join(data.get("text/html", ""))
    words = "".join(data.get("text/plain", ""))
    if any(kind.startswith("image/") for kind in data) and "<figure" not in page:
        yield "a picture without alternative text and caption; show it through realesr.figures"
    for image in re.findall(r"<img[^>]*>", page):
        if not re.search(r'alt="[^"]{15,}"', image):
            yield "a picture without alternative text"
    if page.count("<figure") != page.count("<figcaption"):
        yield "a figure without a caption"
    if words.startswith("Not yet."):
        yield f"its own solution does not pass: {words}"
    if output.get("output_type") == "stream" and output.get("name") == "stderr":
        yield f"something on standard error: {output['text'][:300]}"
    if re.search(r" object at 0x|<matplotlib|\[<", words):
        yield f"an output that tells a reader nothing: {words[:80]}"


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """The kernel inherits these; what was there before comes back."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
