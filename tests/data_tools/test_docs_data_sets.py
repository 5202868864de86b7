"""The page on data sets says what the code does."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path

from data_tools.manifest import COLUMNS
from data_tools.rules import RULES
from data_tools.settings import Select, build_from

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "data-sets.md").read_text("utf-8")


def test_every_rule_is_there_with_its_threshold():
    part = PAGE.partition("<!-- rules -->")[2].partition("<!-- end -->")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ?([^|]*)\|", part, re.M))
    defaults = {field.name: field.default for field in dataclasses.fields(Select)}
    assert set(rows) == set(defaults)
    percent = {rule.name for rule in RULES if rule.unit == "share"} | {"tiles"}
    for name, default in defaults.items():
        if default is None:
            assert rows[name].strip() == "off"
        elif default is not True:
            figure = float(re.search(r"[\d.]+", rows[name])[0])
            assert figure == default * (100 if name in percent else 1), name
    for rule in RULES:
        assert rows[rule.name].startswith(rule.passes) or rows[rule.name].strip() == "off"


def test_its_configuration_is_taken():
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    plan = build_from(tomllib.loads(block))
    assert plan.shape.crop == 480 and plan.select.gray is None and plan.select.noise == 4


def test_the_columns_it_names_are_there():
    named = re.search(r"`manifest.parquet` holds `([^`]+)`", PAGE)[1]
    assert re.split(r",\s+", named) == COLUMNS.names[: len(re.split(r",\s+", named))]
