"""A Space of the Hub for one variant: this very lab, with that model first.

The Space carries the source it was made with, so that it runs what was tried here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from realesr.errors import ConfigError
from realesr.hub.leaks import Content, check_leaks
from realesr.hub.plan import CARD, Plan
from realesr.publishing.variant import Variant

_SUFFIXES = (".py", ".css", ".html", ".js", ".json", ".md", ".safetensors", ".csv", ".typed")
_APP = '''"""The lab with {model} first."""

import os

os.environ.setdefault("REALESR_FIRST_MODEL", "{model}")
os.environ.setdefault("REALESR_ALLOWED_MODELS", "{model}")

from lab.app import build_app, end_when_told, server_settings
from lab.workbench import Workbench

if __name__ == "__main__":
    end_when_told()
    bench = Workbench(public=True)
    bench.warm_up()
    build_app(bench).launch(server_name="0.0.0.0", **server_settings())
'''


def plan_space(variant: Variant) -> Plan:
    """The Space's repository, ``user/name-lab``.

    Raises:
        ConfigError: E404 when the lab is not installed here, so that there is nothing to copy.
        NetworkError: E603, when a file of it holds what must not leave.
    """
    # Read now: somebody may be at work on the sources while they are sent.
    files: dict[str, Content] = {path: file.read_bytes() for path, file in _sources()}
    files["app.py"] = _APP.format(model=variant.repository).encode()
    files["requirements.txt"] = "".join(f"{line}\n" for line in _requirements()).encode()
    files[CARD] = _card(variant).encode()
    check_leaks(files)
    name = f"{variant.repository}-lab"
    return Plan(name, "space", files, f"A lab for {variant.repository}", variant.public)


def _sources() -> Iterator[tuple[str, Path]]:
    for package in ("realesr", "lab"):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError(
                "E404", f"the package {package} is not here.", "Install realesr with extra lab."
            )
        home = Path(next(iter(spec.submodule_search_locations)))
        for path in sorted(home.rglob("*")):
            if path.is_file() and path.suffix in _SUFFIXES and "__pycache__" not in path.parts:
                yield f"{package}/{path.relative_to(home).as_posix()}", path


def _requirements() -> list[str]:
    """What the lab needs, as the installed package says."""
    try:
        listed = requires("realesr") or []
    except PackageNotFoundError:
        return ["gradio", "huggingface-hub", "safetensors", "torch", "typer"]
    plain = [line for line in listed if "extra ==" not in line]
    lab = [line.partition(";")[0].strip() for line in listed if 'extra == "lab"' in line]
    lab += [line.partition(";")[0].strip() for line in listed if "extra == 'lab'" in line]
    return sorted(plain + lab)


def _card(variant: Variant) -> str:
    from huggingface_hub import SpaceCardData

    try:
        gradio = version("gradio")
    except PackageNotFoundError:
        gradio = None
    data = SpaceCardData(
        title=f"{variant.card.title} lab",
        sdk="gradio",
        sdk_version=gradio,
        python_version="3.12",
        app_file="app.py",
        models=[variant.repository],
        tags=["super-resolution", "real-esrgan"],
        pinned=False,
    )
    data["short_description"] = f"Try {variant.repository} in your browser"[:60]
    return (
        f"---\n{data.to_yaml()}\n---\n\n# {variant.card.title}: the lab\n\n"
        f"Opens [{variant.repository}](https://huggingface.co/{variant.repository}) first. A free "
        "Space has two processors: choose small pictures. Nothing you upload is kept.\n"
    )
