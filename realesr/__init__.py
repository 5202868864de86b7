"""realesr: degrade pictures in steps you can see, learn to undo them, show how well it went.

Importing this package is cheap: torch and the rest load when a name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from realesr.errors import RealesrError
    from realesr.images import Picture, read_picture, write_picture
    from realesr.inference.upscaler import Upscaler
    from realesr.models.catalogue import ModelSpec
    from realesr.models.loading import LoadedModel, load_model

__version__ = "0.1.0"

__all__ = [
    "LoadedModel",
    "ModelSpec",
    "Picture",
    "RealesrError",
    "Upscaler",
    "load_model",
    "read_picture",
    "write_picture",
]

_HOMES = {
    "LoadedModel": "realesr.models.loading",
    "ModelSpec": "realesr.models.catalogue",
    "Picture": "realesr.images",
    "RealesrError": "realesr.errors",
    "Upscaler": "realesr.inference.upscaler",
    "load_model": "realesr.models.loading",
    "read_picture": "realesr.images",
    "write_picture": "realesr.images",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its room the first time it is asked for."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'realesr' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
