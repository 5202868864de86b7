"""Published weights open in spandrel, which chaiNNer and others load models with: the same pixels.

spandrel asks for torchvision, of which its face restorers and LaMa use three functions and the
upscalers none; where torchvision is not there, those three names are empty here. To run this:
``pip install --no-deps spandrel einops``.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from realesr import load_model, read_picture
from realesr.images import from_tensor, to_tensor
from realesr.models.catalogue import ModelSpec, find_model
from realesr.models.conversion import contents, pack
from realesr.models.loading import LoadedModel, build_network
from tests.pictures import natural

# The client's own way of sending large files.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def _unused(*_: object, **__: object) -> None:
    raise AssertionError("an upscaler called torchvision")


@pytest.fixture
def spandrel(monkeypatch):
    """spandrel itself, as installed."""
    if importlib.util.find_spec("spandrel") is None:
        pytest.skip("spandrel is not installed: pip install --no-deps spandrel einops")
    if importlib.util.find_spec("torchvision") is None:
        for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        functional = sys.modules["torchvision.transforms.functional"]
        for name in ("InterpolationMode", "rotate", "normalize"):
            monkeypatch.setattr(functional, name, _unused, raising=False)
    return importlib.import_module("spandrel")


def enlarged_by_spandrel(spandrel, weights: Path, pixels: np.ndarray) -> np.ndarray:
    """What spandrel makes of a picture: its own detection, its own network."""
    found = spandrel.ModelLoader(device="cpu").load_from_file(weights)
    assert found.purpose == "SR"
    with torch.no_grad():
        return from_tensor(found(to_tensor(pixels)), "uint8")


@pytest.mark.parametrize("name", ["lab-x4", "lab-x4-fidelity"])
def test_the_bundled_models_open_there(spandrel, name):
    spec = find_model(name)
    found = spandrel.ModelLoader(device="cpu").load_from_file(spec.source)
    assert (found.architecture.name, found.scale) == ("RealESRGAN Compact", 4)
    pixels = to_tensor(natural("coffee", 60, 80))
    with torch.no_grad():
        ours, theirs = load_model(name, device="cpu").network(pixels), found(pixels)
    # spandrel clamps; so does everybody before rounding.
    assert torch.equal(ours.clamp(0, 1), theirs)


@pytest.mark.parametrize(
    ("architecture", "arguments"),
    [
        ("compact", {"scale": 2, "features": 24, "convolutions": 6}),
        ("rrdbnet", {"scale": 4, "features": 32, "blocks": 2, "growth": 32}),
        ("rrdbnet", {"scale": 2, "features": 32, "blocks": 2, "growth": 32}),
    ],
)
def test_what_we_write_of_every_family_it_knows_opens_there(
    spandrel, tmp_path, architecture, arguments
):
    spec = ModelSpec("made", architecture, arguments, arguments["scale"], source="")
    torch_state = torch.random.get_rng_state()
    network = build_network(spec).eval()
    torch.random.set_rng_state(torch_state)
    weights = tmp_path / "made.safetensors"
    weights.write_bytes(pack(*contents(LoadedModel(network, spec), "made.pth", "MIT", half=False)))
    pixels = natural("coffee", 60, 80)
    ours = load_model(weights, device="cpu").network
    with torch.no_grad():
        expected = from_tensor(ours(to_tensor(pixels)), "uint8")
    assert np.array_equal(enlarged_by_spandrel(spandrel, weights, pixels), expected)


def test_a_published_variant_gives_the_same_pixels_by_name_and_in_spandrel(
    spandrel, realesr, hub, trained, tmp_path
):
    """Published, opened by name in the command line, and its file opened by spandrel."""
    run = tmp_path / "old-maps"
    shutil.copytree(trained, run)
    published = realesr("publish", run, "--repo", "ada/old-maps-x4", "--yes")
    assert published.code == 0, published.err
    photo, large = tmp_path / "photo.png", tmp_path / "large.png"
    pixels = natural("coffee", 60, 80)
    Image.fromarray(pixels).save(photo)
    call = ["upscale", photo, "-o", large, "--model", "ada/old-maps-x4", "--precision", "fp32"]
    assert realesr(*call).code == 0
    from huggingface_hub import hf_hub_download

    weights = Path(
        hf_hub_download(
            "ada/old-maps-x4", "model.safetensors", endpoint=hub.url, cache_dir=tmp_path
        )
    )
    theirs = enlarged_by_spandrel(spandrel, weights, pixels)
    assert np.array_equal(read_picture(large).pixels, theirs)
