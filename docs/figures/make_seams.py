"""Draw the seams of tiles: ``python docs/figures/make_seams.py``, for upscaling.md.

The reference pads its tiles by 10 pixels; ours read as far as the network sees. With the official
small model where its weights are in ``REALESR_WEIGHTS``, else with a bundled one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

from realesr import Upscaler, load_model
from realesr.errors import RealesrError
from realesr.figures import Magnitude, strip
from realesr.images import from_tensor, to_tensor

FOLDER = Path(__file__).resolve().parent
SIDE, TILE, REFERENCE_PAD = 96, 48, 10


def main() -> None:
    """Write seams.png, and print the largest differences in levels of 255."""
    try:
        model = load_model("realesr-general-x4v3", device="cpu")
    except RealesrError:
        model = load_model("lab-x4-fidelity", device="cpu")
    photo = to_tensor(np.ascontiguousarray(data.coffee()[60 : 60 + SIDE, 200 : 200 + SIDE]))
    exact = {"tile": TILE, "precision": "fp32", "device": "cpu"}
    reference = Upscaler(model, overlap=REFERENCE_PAD, **exact)
    reference.blend = 0
    whole = Upscaler(model, precision="fp32", device="cpu").upscale_tensor(photo)
    runs = {"reference's 10 px": reference, "ours": Upscaler(model, **exact)}
    errors = {
        name: (run.upscale_tensor(photo) - whole).abs().amax(1)[0].numpy() * 255
        for name, run in runs.items()
    }
    shown = {"one pass, no tiles": from_tensor(whole, np.dtype(np.uint8))}
    for name, error in errors.items():
        shown[f"{name}: error"] = Magnitude(error, limit=3, unit="levels of 255")
    figure = strip(
        shown,
        alt="A cup; beside it the errors of tiles: a cross with a pad of 10, nothing in ours",
        caption=f"Tiles of {TILE} px, {model.spec.name}: where they differ from one pass.",
        columns=3,
        zoom=1,
    )
    (FOLDER / "seams.png").write_bytes(figure.png())
    for name, error in errors.items():
        sys.stdout.write(f"{model.spec.name}, {name}: {error.max():.6f} levels at most\n")


if __name__ == "__main__":
    main()
