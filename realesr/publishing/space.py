"""A Space of the Hub: this very lab, with a model of one's own first where there is one.

The Space carries the source it was made with, so that it runs what was tried here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from realesr.errors import ConfigError
from realesr.hub.leaks import Content, check_leaks
from realesr.hub.plan import CARD, Plan, check_name
from realesr.publishing.variant import Variant

APP = "spaces_app.py"
_MADE_BY_RUNNING = (".pyc", ".pyi")
_HEAD = '''"""Entry point of a Hugging Face Space: the same lab, for strangers."""

from __future__ import annotations

'''
_MODELS = """import os

os.environ.setdefault("REALESR_FIRST_MODEL", "{first}")
os.environ.setdefault("REALESR_ALLOWED_MODELS", "{allowed}")

"""
_MAIN = """from lab.app import serve_strangers

if __name__ == "__main__":
    serve_strangers()
"""


@dataclass(frozen=True)
class Space:
    """A Space about to be made.

    Attributes:
        repository: ``user/name``.
        title: What it is called.
        models: Ids of the Hub it offers beside the models that come along; the first one opens.
        public: Whether everyone shall see it.

    Raises:
        ParameterError: E001 for what is no name of a repository or model.
    """

    repository: str
    title: str = "realesr lab"
    models: Sequence[str] = ()
    public: bool = False

    def __post_init__(self) -> None:
        for name in (self.repository, *self.models):
            check_name(name)

    @property
    def app(self) -> str:
        """The program that the Space starts."""
        if not self.models:
            return _HEAD + _MAIN
        listed = _MODELS.format(first=self.models[0], allowed=",".join(self.models))
        return _HEAD + listed + _MAIN

    @property
    def plan(self) -> Plan:
        """Every file of the repository.

        Raises:
            ConfigError: E404 when the lab is not installed here, so that there is nothing to copy.
            NetworkError: E603, when a file of it holds what must not leave.
        """
        # Read now: somebody may be at work on the sources while they are sent.
        files: dict[str, Content] = {path: file.read_bytes() for path, file in _sources()}
        files[APP] = self.app.encode()
        files["requirements.txt"] = "".join(f"{line}\n" for line in _requirements()).encode()
        files[CARD] = self.card.encode()
        check_leaks(files)
        message = f"A lab for {self.models[0]}" if self.models else "The lab"
        return Plan(self.repository, "space", files, message, self.public)

    @property
    def card(self) -> str:
        """``README.md``: the Space's settings, and what a visitor should know."""
        from huggingface_hub import SpaceCardData

        try:
            gradio = version("gradio")
        except PackageNotFoundError:
            gradio = None
        data = SpaceCardData(
            title=self.title,
            sdk="gradio",
            sdk_version=gradio,
            python_version="3.12",  # one of the two that a lent GPU takes
            app_file=APP,
            license="bsd-3-clause",
            models=list(self.models) or None,
            tags=["super-resolution", "real-esrgan", "image-restoration", "education"],
            pinned=False,
        )
        about = f"Try {self.models[0]}" if self.models else "Enlarge photos; see what is made up"
        more = {
            "emoji": "🔬",
            "colorFrom": "blue",
            "colorTo": "gray",
            "short_description": about[:60],
            "suggested_hardware": "zero-a10g",
        }
        for key, value in more.items():
            data[key] = value
        opens = [f"[{name}](https://huggingface.co/{name})" for name in self.models]
        first = f"Offers {', '.join(opens)} beside the models that come along.\n\n" if opens else ""
        return f"---\n{data.to_yaml()}\n---\n\n# {self.title}\n\n{first}{_ABOUT}"


_ABOUT = """\
Degrade a photo in steps you can see, learn to undo them, look honestly at how well it went.

- A visitor's photo and what was made of it are deleted when they take it away, and after ten
  minutes in any case. What is kept, and for how long, stands on the page *Privacy*.
- Photos up to 64 MB and 16 MP; results up to 16 MP; one job at a time, the others see their place.
- Weights are safetensors of networks the program knows; nothing in them is ever run.
- On lent GPUs each job says beforehand how long it will take; without a GPU it runs on two
  processors, more slowly: choose small pictures.
"""


def space_of(variant: Variant) -> Space:
    """The Space for one variant, ``user/name-lab``: that model first."""
    name = variant.repository
    return Space(f"{name}-lab", f"{variant.card.title} lab", (name,), variant.public)


def _sources() -> Iterator[tuple[str, Path]]:
    for package in ("realesr", "lab"):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError(
                "E404", f"the package {package} is not here.", "Install realesr with extra lab."
            )
        home = Path(next(iter(spec.submodule_search_locations)))
        for path in sorted(home.rglob("*")):
            inside = path.relative_to(home)
            hidden = any(part.startswith(".") for part in inside.parts)
            if path.is_file() and path.suffix not in _MADE_BY_RUNNING and not hidden:
                yield f"{package}/{inside.as_posix()}", path


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
