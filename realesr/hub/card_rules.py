"""What the Hub asks of the YAML at the top of a card, as far as it is written down.

Reference: huggingface.co/docs/hub/model-cards, and the specification of ``model-index`` there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_BLOCK = re.compile(r"\A---\n(.*?)\n---\s*(\n|\Z)", re.DOTALL)
_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_RELATIONS = ("adapter", "finetune", "merge", "quantized", "new_version")
_SDKS = ("gradio", "docker", "static", "streamlit")


def mistakes(content: str, kind: str) -> list[str]:
    r"""What is wrong with a card; nothing when it may be published.

    Args:
        content: ``README.md``.
        kind: ``"model"``, ``"dataset"`` or ``"space"``.

    >>> mistakes("---\nlicense: MIT\n---\n", "model")
    ['"license" must be an identifier in lower case, such as bsd-3-clause']
    """
    import yaml  # type: ignore[import-untyped]

    block = _BLOCK.match(content)
    if block is None:
        return []  # a card without metadata earns a warning only
    try:
        data = yaml.safe_load(block[1]) or {}
    except yaml.YAMLError as fault:
        return [f"the YAML cannot be read: {fault}"]
    if not isinstance(data, dict):
        return ["the YAML is no object"]
    checks = {"model": _model, "dataset": _dataset, "space": _space}
    return [*_common(data), *checks[kind](data)]


def _common(data: dict[str, Any]) -> Iterator[str]:
    licence = data.get("license")
    if licence is not None and not _LICENCE.fullmatch(str(licence)):
        yield '"license" must be an identifier in lower case, such as bsd-3-clause'
    if licence == "other" and not data.get("license_name"):
        yield '"license_name" is required when "license" is other'
    if not _is_list(data.get("tags", []), str):
        yield '"tags" must be a list of texts'


def _model(data: dict[str, Any]) -> Iterator[str]:
    for name in ("base_model", "datasets"):
        given = data.get(name, [])
        values = [given] if isinstance(given, str) else given
        if not _is_list(values, str) or not all(_ID.fullmatch(value) for value in values):
            yield f'"{name}" must be one or more ids of the Hub'
    if data.get("base_model_relation") not in (None, *_RELATIONS):
        yield f'"base_model_relation" must be one of {", ".join(_RELATIONS)}'
    if not re.fullmatch(r"[a-z0-9-]+", str(data.get("pipeline_tag", "any-to-any"))):
        yield '"pipeline_tag" must be the name of a task'
    yield from _index(data.get("model-index", []))


def _index(index: Any) -> Iterator[str]:
    if not _is_list(index, dict):
        yield '"model-index" must be a list'
        return
    for model in index:
        if not isinstance(model.get("name"), str):
            yield '"model-index[0].name" is required'
        for result in model.get("results", []):
            if not isinstance(result.get("task", {}).get("type"), str):
                yield '"model-index[0].results[0].task.type" is required'
            if not {"type", "name"} <= set(result.get("dataset", {})):
                yield '"model-index[0].results[0].dataset" needs "type" and "name"'
            metrics = result.get("metrics")
            if not metrics or not all({"type", "value"} <= set(metric) for metric in metrics):
                yield '"model-index[0].results[0].metrics" need "type" and "value"'


def _dataset(data: dict[str, Any]) -> Iterator[str]:
    for config in data.get("configs", []):
        if not {"config_name", "data_files"} <= set(config):
            yield '"configs" need "config_name" and "data_files"'


def _space(data: dict[str, Any]) -> Iterator[str]:
    if data.get("sdk") not in _SDKS:
        yield f'"sdk" must be one of {", ".join(_SDKS)}'
    if data.get("sdk") == "gradio" and not data.get("app_file"):
        yield '"app_file" is required'


def _is_list(values: Any, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)
