"""The networks against the reference's numbers, and against a plain forward pass."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from realesr import Upscaler
from realesr.errors import ModelError
from realesr.models.building import build_without_memory
from realesr.models.catalogue import BUNDLED, known_models
from realesr.models.compact import Compact
from realesr.models.detection import detect_architecture
from realesr.models.loading import load_model
from realesr.models.rrdbnet import RRDBNet
from realesr.models.srcnn import SRCNN
from realesr.models.srresnet import SRResNet
from realesr.models.unet_discriminator import UNetDiscriminator

COMPACT = [
    "RealESRGANv2-animevideo-xsx2",
    "RealESRGANv2-animevideo-xsx4",
    "realesr-animevideov3",
    "realesr-general-wdn-x4v3",
    "realesr-general-x4v3",
]


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_rrdbnet_reproduces_the_reference(golden, scale):
    arrays = load_file(golden / f"rrdbnet_x{scale}.safetensors")
    weights = {
        name.removeprefix("weights."): array
        for name, array in arrays.items()
        if name.startswith("weights.")
    }
    architecture, arguments = detect_architecture({k: tuple(v.shape) for k, v in weights.items()})
    assert (architecture, arguments["scale"], arguments["blocks"]) == ("rrdbnet", scale, 2)
    network = RRDBNet(**arguments)
    network.load_state_dict(weights, strict=True)
    with torch.inference_mode():
        output = network(arrays["input"])
    error = (output - arrays["output"]).abs().max() / arrays["output"].std()
    assert error <= 1e-5


def test_the_discriminator_reproduces_the_reference(golden, tmp_path):
    arrays = load_file(golden / "unet_discriminator.safetensors")
    weights = {
        name.removeprefix("weights."): array
        for name, array in arrays.items()
        if name.startswith("weights.")
    }
    save_file(weights, tmp_path / "judge.safetensors")
    model = load_model(tmp_path / "judge.safetensors", device="cpu")
    with torch.inference_mode():
        output = model.network(arrays["input"])
    assert (output - arrays["output"]).abs().max() / arrays["output"].std() <= 1e-5
    with pytest.raises(ModelError, match=r"E205.*discriminator"):
        Upscaler(model)


def plain_compact(weights: dict[str, torch.Tensor], image: torch.Tensor, scale: int):
    """SRVGGNetCompact as its paper's code does it, without our classes."""
    last = max(int(name.split(".")[1]) for name in weights)
    features = image
    for index in range(0, last, 2):
        kernel, bias = weights[f"body.{index}.weight"], weights[f"body.{index}.bias"]
        features = F.conv2d(features, kernel, bias, padding=1)
        features = F.prelu(features, weights[f"body.{index + 1}.weight"])
    kernel, bias = weights[f"body.{last}.weight"], weights[f"body.{last}.bias"]
    detail = F.pixel_shuffle(F.conv2d(features, kernel, bias, padding=1), scale)
    return detail + F.interpolate(image, scale_factor=scale, mode="nearest")


@pytest.mark.parametrize("name", COMPACT)
def test_official_compact_weights_load_strictly(shared, monkeypatch, name):
    monkeypatch.setenv("REALESR_WEIGHTS", str(shared / "data" / "weights"))
    model = load_model(name, device="cpu")
    weights = load_file(shared / "data" / "weights" / f"{name}.safetensors")
    image = torch.rand(2, 3, 37, 29, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        output = model.network(image)
        plain = plain_compact(weights, image, model.spec.scale)
    assert (output - plain).abs().max() <= 1e-6
    assert model.spec.name == name and model.spec.licence == "BSD-3-Clause"


def test_the_bundled_model_equals_a_plain_forward_pass():
    stored = load_file(BUNDLED / "lab-x4.safetensors")
    weights = {name: value.float() for name, value in stored.items()}
    image = torch.rand(1, 3, 24, 40, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        output = load_model("lab-x4", device="cpu").network(image)
        assert (output - plain_compact(weights, image, 4)).abs().max() <= 1e-6


@pytest.mark.parametrize("spec", known_models(), ids=lambda spec: spec.name)
def test_the_catalogue_agrees_with_the_networks(spec):
    network = build_without_memory(spec)
    assert network.multiple_of == spec.multiple_of
    assert getattr(network, "radius", 0) == spec.radius
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    if spec.architecture == "resampler":
        assert not shapes and network.scale == spec.scale
        return
    # The one thing that no tensor tells is the scale of an SRCNN.
    architecture, arguments = detect_architecture(shapes, {"scale": str(spec.scale)})
    assert architecture == spec.architecture
    assert {**arguments, **spec.arguments} == arguments


def furthest_pixel_read(network: torch.nn.Module, size: int) -> int:
    """The receptive radius, measured: which inputs have a gradient.

    All weights are positive, so that no ReLU closes and no two paths cancel.
    """
    network = network.double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    image = torch.rand(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    output = network(image)
    reach = 0
    for offset in range(max(4, network.scale)):
        row = (size // 2) * network.scale + offset
        (gradient,) = torch.autograd.grad(output[0, :, row, row].sum(), image, retain_graph=True)
        rows = gradient.abs().sum((0, 1, 3)).nonzero().flatten()
        centre = row // network.scale
        reach = max(reach, centre - int(rows.min()), int(rows.max()) - centre)
    return reach


@pytest.mark.parametrize(
    ("network", "size"),
    [
        (Compact(4, 8, 3), 32),
        (Compact(2, 8, 5), 32),
        (RRDBNet(4, 8, 1, 4), 44),
        (RRDBNet(2, 8, 1, 4), 96),
        (RRDBNet(1, 8, 1, 4), 192),
        (RRDBNet(8, 8, 1, 4), 44),
        (RRDBNet(2, 8, 1, 4, fold=1), 44),
        (RRDBNet(1, 8, 1, 4, fold=1), 44),
        (SRCNN(4, 8, 4), 32),
        (SRCNN(3, 8, 4), 32),
        (SRResNet(4, 8, 2), 32),
        (SRResNet(3, 8, 2), 32),
        (SRResNet(2, 8, 2), 32),
    ],
)
def test_the_radius_is_what_gradients_say(network, size):
    assert furthest_pixel_read(network, size) == network.radius


@pytest.mark.parametrize(
    ("network", "metadata"),
    [
        (Compact(3, 16, 4), {}),
        (Compact(2, 16, 4, "relu"), {}),
        (Compact(1, 16, 4, "leakyrelu"), {"architecture": "compact, leakyrelu"}),
        (Compact(4, 16, 4, channels=1), {}),
        (RRDBNet(2, 8, 2, 4), {}),
        (RRDBNet(8, 8, 1, 4, channels=1), {}),
        (RRDBNet(1, 8, 1, 4, fold=1), {}),
        (SRResNet(3, 8, 2), {}),
        (SRResNet(4, 8, 2), {}),
        (SRCNN(3, 8, 4), {"scale": "3"}),
        (UNetDiscriminator(8), {}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_file_of_any_network_loads_back(network, metadata, tmp_path):
    path = tmp_path / "network.safetensors"
    save_file(network.state_dict(), path, metadata)
    model = load_model(path, device="cpu")
    assert type(model.network) is type(network) and not model.network.training
    assert model.spec.radius == getattr(network, "radius", 0)
    image = torch.rand(1, next(iter(network.parameters())).shape[1], 16, 24)
    if isinstance(network, RRDBNet):
        image = image[:, : network.conv_last.out_channels]
    with torch.inference_mode():
        assert torch.equal(model.network(image), network.eval()(image))


def test_an_official_file_with_another_checksum_is_refused(tmp_path, monkeypatch):
    weights = Compact(4, 64, 16).state_dict()
    torch.save({"params": weights}, tmp_path / "realesr-animevideov3.pth")
    monkeypatch.setenv("REALESR_WEIGHTS", str(tmp_path))
    with pytest.raises(ModelError, match=r"E206 .*realesr-animevideov3.pth"):
        load_model("realesr-animevideov3", device="cpu")


def test_srcnn_without_a_scale_is_asked_for_it(tmp_path):
    save_file(SRCNN(4, 8, 4).state_dict(), tmp_path / "srcnn.safetensors")
    with pytest.raises(ModelError, match=r"E205.*scale"):
        load_model(tmp_path / "srcnn.safetensors")


def first_esrgan_names(name: str, doublings: int, blocks: int) -> str:
    """The layout of the first ESRGAN release, written down from its file listing."""
    numbers = {"conv_first": "0", "conv_body": f"1.sub.{blocks}"}
    numbers |= {f"conv_up{n}": str(3 * n) for n in range(1, doublings + 1)}
    numbers |= {"conv_hr": str(3 * doublings + 2), "conv_last": str(3 * doublings + 4)}
    layer, kind = name.rsplit(".", 1)
    if layer.startswith("body."):
        _, block, dense, convolution = layer.split(".")
        return f"model.1.sub.{block}.{dense.upper()}.{convolution}.0.{kind}"
    return f"model.{numbers[layer]}.{kind}"


def second_esrgan_names(name: str) -> str:
    """The layout of the second ESRGAN release."""
    for new, old in [
        ("body.", "RRDB_trunk."), (".rdb", ".RDB"), ("conv_body", "trunk_conv"),
        ("conv_up", "upconv"), ("conv_hr", "HRconv"),
    ]:  # fmt: skip
        name = name.replace(new, old) if new != "body." or name.startswith(new) else name
    return name


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_old_esrgan_files_load(tmp_path, scale):
    network = RRDBNet(scale, 8, 2, 4, fold=1).eval()
    doublings = scale.bit_length() - 1
    weights = network.state_dict()
    numbered = {first_esrgan_names(name, doublings, 2): weights[name] for name in weights}
    named = {second_esrgan_names(name): weights[name] for name in weights}
    image = torch.rand(1, 3, 12, 15)
    for layout in (numbered, named):
        torch.save(layout, tmp_path / "old.pth")
        model = load_model(tmp_path / "old.pth", device="cpu")
        with torch.inference_mode():
            assert torch.equal(model.network(image), network(image))


@pytest.mark.parametrize("activation", ["prelu", "relu", "leakyrelu"])
def test_the_first_weights_of_a_compact_network_keep_the_signals_strength(activation):
    torch.manual_seed(0)
    network = Compact(features=64, convolutions=16, activation=activation)
    signal = torch.rand(2, 3, 24, 24)
    strengths = []
    with torch.no_grad():
        for layer in network.body[:-1]:
            signal = layer(signal)
            if isinstance(layer, torch.nn.Conv2d):
                strengths.append(float(signal[..., 4:-4, 4:-4].square().mean()))
    # PyTorch's own first weights leave a 10^-12th after sixteen layers.
    assert all(0.2 < strength < 5 for strength in strengths), strengths
