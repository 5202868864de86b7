"""Each preset on one photograph with three seeds, and what was drawn."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from sheet import Sheet, photo
from torch import Tensor

from realesr.degradations import Operation, presets

# What is worth saying of an operation, in its fields' order: (field, words).
WORDS = {
    "shape": "{}",
    "size": "{} px",
    "sigma_x": "σ {:.2f}",
    "sigma_y": "× {:.2f} px",
    "cutoff": "{:.2f} rad/px",
    "factor": "to {:.2f}",
    "mode": "{}",
    "sigma": "σ {:.1f}/255",
    "scale": "scale {:.2f}",
    "quality": "quality {:.0f}",
    "length": "{:.1f} px",
    "radius": "radius {:.2f} px",
    "white": "white {:.0f} e-",
    "amount": "amount {:.2f}",
    "levels": "{} levels",
}
SHORT = {
    "GaussianNoise": "Gaussian",
    "PoissonNoise": "Poisson",
    "SensorNoise": "sensor",
    "MotionBlur": "motion",
    "Jpeg": "JPEG",
}


def describe(operation: Operation) -> str:
    """One line about an operation and its numbers."""
    values: dict[str, Any] = {
        field.name: getattr(operation, field.name) for field in dataclasses.fields(operation)
    }
    name = type(operation).__name__
    if name == "PoissonNoise":
        del values["levels"]
    if name == "Sinc":
        values["shape"] = "sinc"
    parts = [
        words.format(values[field])
        for field, words in WORDS.items()
        if values.get(field) is not None and (field, name) != ("size", "Blur")
    ]
    return " ".join([SHORT.get(name, name.lower()), *parts]).replace("sinc sinc", "sinc")


def page() -> Tensor:
    """Our own printed page, ``(1, 3, 112, 112)``."""
    words = (
        "Every picture\nhas a biography:\nblur, fewer pixels,\nnoise, JPEG, and\nthen once more."
    )
    paper = Image.new("L", (112, 112), 238)
    font = ImageFont.load_default(size=12)
    ImageDraw.Draw(paper).multiline_text((7, 8), words, 30, font, spacing=8)
    return torch.from_numpy(np.array(paper)).expand(3, -1, -1)[None] / 255


def preset(name: str) -> None:
    """Three draws of a preset, each with its biography."""
    document = name == "document_scan"
    hr = page() if document else photo("astronaut", 20, 110, 224, 224)
    recipe = getattr(presets, name)(2 if document else 4)
    traces = [recipe.sample(seed) for seed in (1, 2, 3)]
    longest = max(len(trace.operations) for trace in traces) - 1
    sheet = Sheet(880, 12 + 168 + 34 + 17 * longest)
    for place, trace in enumerate(traces):
        left = 16 + 290 * place
        sheet.picture(left, 12, trace.apply(hr), 3, f"seed {trace.seed}")
        lines = [describe(operation) for operation in trace.operations[:-1]]
        sheet.text(left, 206, "\n".join(lines), fontsize=9)
    sheet.save(f"preset-{name}")


def originals() -> None:
    """The two photographs before anything happened."""
    sheet = Sheet(880, 262)
    sheet.picture(16, 12, photo("astronaut", 20, 110, 224, 224), 1, "astronaut, 224x224 px")
    sheet.picture(306, 12, page(), 2, "our own page, 112x112 px, enlarged twice")
    sheet.save("preset-originals")


def draw() -> None:
    """Draw them all."""
    originals()
    for name in presets.PRESETS:
        preset(name)
