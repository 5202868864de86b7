"""A report on a data set or a folder: one HTML file that shows what is in it, and what is not.

::

    report(Path("my-set"), Path("report.html"))
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from data_tools.report.findings import document
from data_tools.report.gathering import Material, evenly, find, gather, look_at, unheard
from data_tools.report.page import page, shown
from realesr.images.safefile import refuse_overwriting, write_file

__all__ = ["Material", "document", "report"]


def report(
    folder: Path,
    path: Path,
    *,
    most: int = 400,
    workers: int = 1,
    force: bool = False,
    told: Callable[[str, int, int], None] = unheard,
) -> Material:
    """Write the report on a data set that was built, or on pictures as they are.

    Args:
        folder: What it is about: a data set, or any source of a build. Nothing is changed there.
        path: The HTML file.
        most: How many pictures colours and frequencies are taken from, evenly spread; 0 for all.
        workers: Processes.
        force: Replace a file that is there.
        told: Called with the stage, how many pictures are done, and of how many.

    Returns:
        What the report was made of.

    Raises:
        ConfigError: E404 when there is no such source, or no picture in it.
        PictureError: E113 when the file exists and ``force`` is not set, E114 otherwise.
    """
    refuse_overwriting(path, force=force)
    material = gather(folder, workers, told)
    names = [entry.name for entry in evenly(material.entries, most)]
    items = find(material, [*names, *shown(material)])
    for number, (name, found) in enumerate(look_at(items, workers), start=1):
        if found is not None:
            material.sights[name] = found
        told("looked at", number, len(items))
    write_file(path, page(material).encode(), force=force)
    return material
