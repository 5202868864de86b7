"""From the lessons' sources to notebooks: with solutions, and a copy for students without.

The sources are ``notebooks/NN_name.py`` in jupytext's percent format. A cell with the tag
``solution`` is folded away in the notebook; in the students' copy only its first lines are left.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from realesr import __version__

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
REPOSITORY = "realesr/realesr"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

INSTALL = f"""\
# On Colab only: install the release that this lesson was written for.
import subprocess
import sys

if "google.colab" in sys.modules:
    release = "realesr[course,train,data]=={__version__}"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", release], check=True)"""

# JupyterLab and Colab each have a word of their own for folding a cell's code.
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}

SPOILERS = (
    "Some cells have their code folded away, because it holds an answer: guess, run the cell, and "
    "unfold it afterwards if you like. Where your program shows the code all the same, guess "
    "before you read on."
)


@dataclass(frozen=True)
class Lesson:
    """One lesson's source."""

    path: Path

    @property
    def name(self) -> str:
        """Such as ``01_how_photos_go_bad``."""
        return self.path.stem

    @property
    def number(self) -> str:
        """Such as ``01``."""
        return self.name[:2]

    @property
    def title(self) -> str:
        """What stands in its first line."""
        first: str = self.cells()[0].source.splitlines()[0]
        return first.lstrip("# ")

    def cells(self) -> list[Any]:
        """Its cells as they are written, without what is added for a notebook."""
        return self._cells

    @cached_property
    def _cells(self) -> list[Any]:
        import jupytext

        cells: list[Any] = jupytext.reads(self.path.read_text("utf-8"), fmt="py:percent").cells
        return cells


def lessons(folder: Path = FOLDER) -> list[Lesson]:
    """Every lesson, in order."""
    return [Lesson(path) for path in sorted(folder.glob("[0-9][0-9]_*.py"))]


def is_solution(cell: Any) -> bool:
    """Whether a cell holds an exercise's solution."""
    return "solution" in cell.metadata.get("tags", [])


def stub(source: str) -> str:
    r"""What is left of a solution for who shall find it.

    >>> print(stub("def double(x):\n    return 2 * x\n\nanswer = 42"))
    def double(x):
        ...
    <BLANKLINE>
    <BLANKLINE>
    answer = ...
    """
    lines, parts = source.splitlines(), []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            said = ast.get_docstring(node) is not None
            end = (first.end_lineno or first.lineno) if said else first.lineno - 1
            parts.append("\n".join([*lines[node.lineno - 1 : end], "    ..."]))
        elif isinstance(node, ast.Assign):
            parts.append(f"{ast.unparse(node.targets[0])} = ...")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            parts.append(ast.unparse(node))
    return "\n\n\n".join(parts)


def badges(lesson: Lesson) -> str:
    """Links that open the students' copy elsewhere."""
    place = f"{REPOSITORY}/blob/v{__version__}/notebooks/student/{lesson.name}.ipynb"
    binder = f"{REPOSITORY}/v{__version__}?labpath=notebooks%2Fstudent%2F{lesson.name}.ipynb"
    return (
        f"[Open in Colab](https://colab.research.google.com/github/{place}) · "
        f"[Open in Binder](https://mybinder.org/v2/gh/{binder})"
    )


def notebook(lesson: Lesson, *, student: bool = False) -> Any:
    """A lesson as a notebook without outputs; equal sources give equal bytes.

    Args:
        lesson: Which one.
        student: Leave the solutions out.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    made = []
    for cell in lesson.cells():
        if cell.cell_type == "markdown":
            made.append(new_markdown_cell(cell.source))
        elif is_solution(cell) and student:
            made.append(new_code_cell(stub(cell.source)))
        else:
            folded = FOLDED if student and ".reveal(" in cell.source else {}
            made.append(new_code_cell(cell.source, metadata=_metadata(cell) | folded))
    if student and any(cell.metadata.get("jupyter") for cell in made):
        made[0].source += f"\n\n{SPOILERS}"
    made[0].source += f"\n\n{badges(lesson)}"
    made.insert(1, new_code_cell(INSTALL, metadata={"jupyter": {"source_hidden": True}}))
    for place, cell in enumerate(made):
        cell.id = f"lesson-{lesson.number}-{place:03d}"
    return new_notebook(
        cells=made,
        metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}, "title": lesson.title},
    )


def _metadata(cell: Any) -> dict[str, Any]:
    """A solution is named as one, and folded away."""
    if not is_solution(cell):
        return {}
    return {"tags": ["solution"], **FOLDED}


def generated(folder: Path = FOLDER) -> dict[Path, str]:
    """Every file that is made from the sources, and what belongs into it."""
    import nbformat

    files = {}
    for lesson in lessons(folder):
        for copy, student in (("with_solutions", False), ("student", True)):
            text = nbformat.writes(notebook(lesson, student=student))
            files[folder / copy / f"{lesson.name}.ipynb"] = text.rstrip("\n") + "\n"
    return files


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the notebooks anew, and take away those of lessons that are gone."""
    files = generated(folder)
    for old in set(folder.glob("*/*.ipynb")) - set(files):
        old.unlink()
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(files)
