"""What is known of a model, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

BUNDLED = Path(__file__).parent / "weights"
BUILT_IN = "built in"
Training = Literal["adversarial", "faithful", "none", "unknown"]


@dataclass(frozen=True)
class ModelSpec:
    """What must be known of a model before it runs.

    Attributes:
        name: What a person types.
        architecture: ``"compact"``, ``"rrdbnet"``, ``"srresnet"``, ``"srcnn"``, ``"resampler"`` or
            ``"unet_discriminator"``.
        arguments: The network's constructor arguments.
        scale: Enlargement factor.
        source: An address, the path of a file, ``user/name@commit`` on the Hub, or ``"built in"``.
        licence: SPDX identifier, or ``"unknown"``.
        description: One sentence on what it is for.
        paper: Where it was first described.
        sha256: Of the file at ``source``; None where nobody published it.
        size: Of the file at ``source``, in bytes; None where unknown.
        multiple_of: Input sides are padded to a multiple of this.
        radius: Receptive radius, in input pixels.
        blend_with: A partner of the same architecture to blend weights with.
        training: ``"adversarial"`` where a discriminator taught it, so that it invents detail;
            ``"faithful"`` where none did; ``"none"`` for a plain filter; else ``"unknown"``.
    """

    name: str
    architecture: str
    arguments: Mapping[str, int | str]
    scale: int
    source: str
    licence: str = "unknown"
    description: str = ""
    paper: str = ""
    sha256: str | None = None
    size: int | None = None
    multiple_of: int = 1
    radius: int = 0
    blend_with: str | None = None
    training: Training = "unknown"

    @property
    def is_bundled(self) -> bool:
        """Whether it runs without fetching anything: its weights come along, or it has none."""
        return self.source == BUILT_IN or Path(self.source).parent == BUNDLED

    @property
    def is_remote(self) -> bool:
        """Whether ``source`` is an address."""
        return self.source.startswith("https://")

    def as_config(self) -> dict[str, object]:
        """The ``config.json`` that goes beside weights, enough to rebuild the network."""
        arguments = {name: value for name, value in self.arguments.items() if name != "scale"}
        return {"architecture": self.architecture, "scale": self.scale, "arguments": arguments}

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        comes_along = self.is_bundled and self.source != BUILT_IN
        return {
            "name": self.name,
            "architecture": self.architecture,
            "arguments": dict(self.arguments),
            "scale": self.scale,
            "source": "bundled" if comes_along else self.source,
            "licence": self.licence,
            "description": self.description,
            "paper": self.paper,
            "sha256": self.sha256,
            "size": self.size,
            "multiple_of": self.multiple_of,
            "radius": self.radius,
            "blend_with": self.blend_with,
            "training": self.training,
        }
