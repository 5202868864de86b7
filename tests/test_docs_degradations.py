"""The guide to degradations: its code runs, its figures exist, and nothing is left out of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from realesr.degradations import presets
from realesr.degradations.recipe_files import from_toml
from realesr.degradations.spans import fields_of
from realesr.degradations.table import OPERATIONS

DOCS = Path(__file__).resolve().parent.parent / "docs"
GUIDE = (DOCS / "degradations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
FIGURES = re.findall(r"!\[([^\]]*)\]\((figures/[^)]+)\)", GUIDE)


def test_every_figure_exists_and_says_what_it_shows():
    assert len(FIGURES) > 20
    for words, path in FIGURES:
        assert (DOCS / path).is_file(), path
        assert len(words) > 8, f"{path} has no words for those who cannot see it"


def test_every_figure_is_shown_and_all_are_small():
    drawn = {
        path
        for kind in ("correction", "operation", "preset")
        for path in (DOCS / "figures").glob(f"{kind}-*.png")
    }
    shown = {DOCS / path for _, path in FIGURES}
    assert drawn == shown
    assert all(path.stat().st_size < 200_000 for path in drawn)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_documented(name):
    assert f"`{name}`" in GUIDE
    if ".further." in OPERATIONS[name].__module__:
        assert f"### `{name}`" in GUIDE
        assert f"figures/operation-{name}.png" in GUIDE


@pytest.mark.parametrize(
    "name", [name for name, kind in OPERATIONS.items() if ".further." not in kind.__module__]
)
def test_every_number_of_a_biography_is_explained(name):
    (entry,) = re.findall(rf"^### `{name}`\n(.*?)(?=^#)", GUIDE, re.DOTALL | re.MULTILINE)
    explained = {
        word
        for head in re.findall(r"^- (`[^:(]+)", entry, re.MULTILINE)
        for word in re.findall(r"`(\w+)`", head)
    }
    fields = fields_of(OPERATIONS[name])
    assert explained == {field.name for field in fields}
    assert all(f"`{option}`" in entry for field in fields for option in field.options)


@pytest.mark.parametrize("name", sorted(presets.PRESETS))
def test_every_preset_is_documented(name):
    assert f"| `{name}` |" in GUIDE
    assert f"figures/preset-{name}.png" in GUIDE


def test_the_table_of_corrections_is_what_its_script_measures(monkeypatch):
    monkeypatch.syspath_prepend(DOCS / "figures")
    import corrections

    number = r"\d+\.?\d*"
    start = GUIDE.index("| defect of the reference")
    shown = GUIDE[start : GUIDE.index("\n\n", start)]
    measured = corrections.table()
    assert re.sub(number, "#", measured) == re.sub(number, "#", shown)
    both = (map(float, re.findall(number, text)) for text in (measured, shown))
    # The last digit may fall to the other side on another machine.
    assert all(abs(one - other) < 0.101 for one, other in zip(*both, strict=True))


def test_the_examples_run(capsys):
    """All blocks in one namespace, in the order a reader meets them."""
    space: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "degradations.md", "exec"), space)
    printed = capsys.readouterr().out
    assert "Round (1, 3, 16, 16)" in printed
    assert "version 99" in printed
    drawn = space["recipe"].sample(0)
    assert 0.2 <= drawn.operations[0].angle <= 0.8


@pytest.mark.parametrize("block", BLOCKS)
def test_each_example_runs_alone(block):
    exec(compile(block, "degradations.md", "exec"), {})


def test_the_recipe_in_the_guide_is_a_recipe():
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    recipe = from_toml(text)
    assert recipe.name == "old_phone"
    assert recipe.sample(1).apply(torch.rand(1, 3, 32, 32)).shape == (1, 3, 8, 8)


def test_the_example_operation_is_the_real_one():
    """The guide shows the file: its formula and its class, letter by letter."""
    from realesr.degradations.further import vignette as module

    source = Path(module.__file__).read_text(encoding="utf-8")
    for start in ("def vignette", "@dataclass"):
        (shown,) = (block[block.index(start) :] for block in BLOCKS if f"\n{start}" in block)
        assert shown.strip() in source
