"""Parameter names of older ESRGAN files, translated to those used today."""

from __future__ import annotations

import re
from collections.abc import Iterable

# ESRGAN's first code numbered its layers; its second named them differently from BasicSR.
_NUMBERED = re.compile(r"model\.1\.sub\.(\d+)\.RDB([123])\.conv([1-5])\.0\.(weight|bias)")
_NAMED = re.compile(r"RRDB_trunk\.(\d+)\.RDB([123])\.conv([1-5])\.(weight|bias)")
_SINGLE = {
    "trunk_conv": "conv_body",
    "upconv1": "conv_up1",
    "upconv2": "conv_up2",
    "upconv3": "conv_up3",
    "HRconv": "conv_hr",
}


def translate_names(names: Iterable[str]) -> dict[str, str]:
    """Today's name of every tensor; names of other layouts stay as they are.

    >>> translate_names(["RRDB_trunk.0.RDB1.conv5.bias", "HRconv.weight"])["HRconv.weight"]
    'conv_hr.weight'
    """
    names = list(names)
    if any(_NUMBERED.fullmatch(name) for name in names):
        return {name: _from_numbers(name, names) for name in names}
    if any(_NAMED.fullmatch(name) for name in names):
        return {name: _from_names(name) for name in names}
    return {name: name for name in names}


def _from_names(name: str) -> str:
    if found := _NAMED.fullmatch(name):
        return "body.{}.rdb{}.conv{}.{}".format(*found.groups())
    layer, _, kind = name.rpartition(".")
    return f"{_SINGLE.get(layer, layer)}.{kind}"


def _from_numbers(name: str, names: list[str]) -> str:
    """From the first layout: 0 opens, 1 is the body, each doubling takes three, two layers end."""
    if found := _NUMBERED.fullmatch(name):
        return "body.{}.rdb{}.conv{}.{}".format(*found.groups())
    numbers = [int(found[1]) for other in names if (found := re.match(r"model\.(\d+)\.", other))]
    last = max(numbers)
    layers = {0: "conv_first", last - 2: "conv_hr", last: "conv_last"}
    layers |= {3 * doubling: f"conv_up{doubling}" for doubling in range(1, (last - 4) // 3 + 1)}
    if found := re.fullmatch(r"model\.1\.sub\.\d+\.(weight|bias)", name):
        return f"conv_body.{found[1]}"
    found = re.fullmatch(r"model\.(\d+)\.(weight|bias)", name)
    return f"{layers[int(found[1])]}.{found[2]}" if found and int(found[1]) in layers else name
