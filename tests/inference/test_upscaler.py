"""The upscaler: sizes, seams, colours, alpha, depth, memory, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from skimage import data

from realesr import Upscaler, load_model
from realesr.errors import ModelError, ParameterError, ResourceError
from realesr.images import to_tensor
from realesr.inference.finishing import Finish
from realesr.models.catalogue import ModelSpec
from realesr.models.compact import Compact
from realesr.models.loading import LoadedModel
from realesr.models.rrdbnet import RRDBNet
from realesr.models.srcnn import SRCNN
from realesr.models.srresnet import SRResNet
from tests.pictures import natural, psnr, shrunk


@pytest.fixture(scope="module")
def bundled() -> LoadedModel:
    return load_model("lab-x4-fidelity", device="cpu")


def rrdbnet(scale: int, blocks: int = 2, features: int = 8) -> LoadedModel:
    """A small RRDBNet with the recipe's initialisation, seed 0."""
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        network = RRDBNet(scale, features, blocks, 4).eval()
    spec = ModelSpec(
        name="test", architecture="rrdbnet", arguments={}, scale=scale, source="",
        multiple_of=network.multiple_of, radius=network.radius,
    )  # fmt: skip
    return LoadedModel(network, spec)


# -- sizes and kinds -------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 40), st.sampled_from([(), (2,), (3,), (4,)]),
    st.sampled_from([np.uint8, np.uint16]), st.sampled_from([1, 1.5, 2, 3, 4, 5, 0.25]),
)  # fmt: skip
def test_every_kind_comes_out_at_exactly_scale_times(height, width, channels, dtype, scale):
    generator = np.random.default_rng(height * width)
    pixels = generator.integers(0, np.iinfo(dtype).max, (height, width, *channels), dtype)
    before = pixels.copy()
    result = Upscaler("lab-x4", scale=scale, precision="fp32", device="cpu")(pixels)
    wanted = max(1, round(height * scale)), max(1, round(width * scale))
    assert result.shape == (*wanted, *channels) and result.dtype == dtype
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (4999, 1, 3), (3, 2, 4)])
def test_thin_pictures(bundled, shape):
    result = Upscaler(bundled, precision="fp32", device="cpu")(np.full(shape, 90, np.uint8))
    assert result.shape == (4 * shape[0], 4 * shape[1], shape[2])


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (37, 41), (130, 67)])
def test_folding_networks_take_any_size(scale, size):
    upscaler = Upscaler(rrdbnet(scale), tile=64, overlap=16, precision="fp32", device="cpu")
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert upscaler(pixels).shape == (scale * size[0], scale * size[1], 3)


# -- seams -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tile", "height", "width"),
    [(64, 200, 333), (100, 250, 201), (128, 300, 140), (256, 300, 333), (512, 520, 150)],
)
@pytest.mark.parametrize("name", ["astronaut", "rotated"])
def test_tiled_equals_whole(bundled, tile, height, width, name):
    pixels = np.asarray(data.astronaut())
    pixels = pixels if name == "astronaut" else np.rot90(data.coffee())
    pixels = np.resize(pixels, (max(height, pixels.shape[0]), *pixels.shape[1:]))
    image = to_tensor(np.ascontiguousarray(pixels[:height, :width]))
    whole = Upscaler(bundled, tile=4096, precision="fp32", device="cpu").upscale_tensor(image)
    upscaler = Upscaler(bundled, tile=tile, precision="fp32", device="cpu")
    assert upscaler.is_exact and len(upscaler.plan(height, width)) > 1
    assert (upscaler.upscale_tensor(image) - whole).abs().max() <= 2e-6


def test_a_halo_narrower_than_the_radius_is_seen(bundled):
    """The test above could fail: one pixel less of halo, unblended, leaves a seam."""
    image = to_tensor(natural("astronaut", 128, 128))
    whole = Upscaler(bundled, tile=4096, precision="fp32", device="cpu").upscale_tensor(image)
    narrow = Upscaler(bundled, tile=64, overlap=3, precision="fp32", device="cpu")
    assert not narrow.is_exact
    assert (narrow.upscale_tensor(image) - whole).abs().max() > 1e-3


def test_blended_tiles_are_nearly_whole():
    model = rrdbnet(4, blocks=8)
    image = to_tensor(natural("astronaut", 200, 210))
    whole = Upscaler(model, tile=4096, overlap=0, precision="fp32", device="cpu")
    tiled = Upscaler(model, tile=64, precision="fp32", device="cpu")
    assert not tiled.is_exact and tiled.blend == 16
    difference = tiled.upscale_tensor(image) - whole.upscale_tensor(image)
    assert difference.abs().max() <= 1 / 255


def test_arrays_and_tensors_agree(bundled):
    pixels = natural("coffee", 70, 90)
    upscaler = Upscaler(bundled, tile=32, precision="fp32", device="cpu")
    as_tensor = upscaler.upscale_tensor(to_tensor(pixels))[0].permute(1, 2, 0).numpy()
    rounded = (as_tensor.clip(0, 1) * 255).round().astype(np.uint8)
    assert np.array_equal(upscaler(pixels), rounded)


# -- fidelity --------------------------------------------------------------------------------------


def test_it_beats_enlarging_by_averages(bundled):
    truth = natural("astronaut", 256, 256)
    low = shrunk(truth, 4)
    ours = Upscaler(bundled, device="cpu")(low)
    nearest = low.repeat(4, axis=0).repeat(4, axis=1)
    assert psnr(ours, truth) > psnr(nearest, truth) + 1


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("level", [0, 255])
def test_flat_white_and_black_stay(bundled, precision, level):
    flat = np.full((48, 48, 3), level, np.uint8)
    result = Upscaler(bundled, precision=precision, device="cpu")(flat).astype(int)
    assert np.abs(result - level).max() <= 1


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_16_bit_ramp_keeps_its_levels(bundled, precision):
    ramp = np.linspace(0, 65535, 4096).round().astype(np.uint16)
    picture = np.repeat(np.tile(ramp, (8, 1))[:, :, None], 3, axis=2)
    result = Upscaler(bundled, precision=precision, device="cpu")(picture)
    assert result.dtype == np.uint16
    assert len(np.unique(result[16, :, 1])) >= 4000


@pytest.mark.parametrize("kind", ["bundled", "rrdbnet x4", "rrdbnet x2", "srcnn", "srresnet"])
def test_bf16_is_close_to_fp32(bundled, kind, tmp_path):
    model = bundled
    if kind.startswith("rrdbnet"):
        model = rrdbnet(int(kind[-1]))
    elif kind != "bundled":
        network = {"srcnn": SRCNN(2, 8, 4), "srresnet": SRResNet(2, 8, 2)}[kind]
        save_file(network.state_dict(), tmp_path / "network.safetensors", {"scale": "2"})
        model = load_model(tmp_path / "network.safetensors", device="cpu")
    pixels = to_tensor(natural("coffee", 128, 160))
    full = Upscaler(model, precision="fp32", device="cpu").upscale_tensor(pixels)
    half = Upscaler(model, precision="bf16", device="cpu").upscale_tensor(pixels)
    assert not torch.equal(half, full)
    error = (half - full).square().mean().sqrt() / full.std().clamp_min(0.05)
    assert error < (0.01 if kind == "bundled" else 0.05)


def test_the_default_precision_is_at_least_50_db_from_fp32(bundled):
    pixels = natural("coffee", 128, 160)
    full = Upscaler(bundled, precision="fp32", device="cpu")(pixels)
    assert psnr(Upscaler(bundled, device="cpu")(pixels), full) >= 50


def test_opaque_alpha_stays_opaque(bundled):
    rgba = np.dstack([natural(), np.full((96, 128), 255, np.uint8)])
    result = Upscaler(bundled, device="cpu")(rgba)
    assert (result[:, :, 3] == 255).all()
    plain = Upscaler(bundled, device="cpu")(rgba[:, :, :3])
    assert psnr(result[:, :, :3], plain) > 50


def test_soft_edges_show_no_halo_on_black_or_white(bundled):
    """A gray disc with a soft edge; the hidden colour around it is a glaring green."""
    row, column = np.mgrid[:64, :64] - 31.5
    alpha = (np.clip(20 - np.hypot(row, column), 0, 4) / 4 * 255).round().astype(np.uint8)
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:, :, :3] = 128
    rgba[alpha == 0, :3] = (0, 255, 0)
    rgba[:, :, 3] = alpha
    result = Upscaler(bundled, precision="fp32", device="cpu")(rgba).astype(float)
    opacity = result[:, :, 3:] / 255
    assert opacity.max() == 1 and opacity.min() == 0
    for ground in (0, 255):
        shown = result[:, :, :3] * opacity + ground * (1 - opacity)
        ideal = 128 * opacity + ground * (1 - opacity)
        assert np.abs(shown - ideal).max() <= 6


def test_gray_with_alpha_and_gray(bundled):
    gray = natural()[:, :, 1]
    upscaler = Upscaler(bundled, precision="fp32", device="cpu")
    both = upscaler(np.dstack([gray, np.full_like(gray, 255)]))
    assert np.array_equal(both[:, :, 0], upscaler(gray)) and (both[:, :, 1] == 255).all()


# -- sizes and finishes ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(10, 300), (97, 129), (400, 512), (900, 300)])
def test_any_size_can_be_asked_for(bundled, size):
    upscaler = Upscaler(bundled, precision="fp32", device="cpu")
    assert upscaler(natural(height=96, width=128), size=size).shape == (*size, 3)


def test_a_size_too_far_away_is_refused(bundled):
    with pytest.raises(ParameterError, match="E001"):
        Upscaler(bundled, device="cpu")(natural(), size=(2000, 2000))


def test_other_scales_keep_what_the_model_found(bundled):
    """x2 is the model's x4 shrunk: closer to the truth at x2 than plain enlargement."""
    truth = natural("astronaut", 256, 256)
    ours = Upscaler(bundled, scale=2, precision="fp32", device="cpu")(shrunk(truth, 2))
    plain = shrunk(truth, 2).repeat(2, axis=0).repeat(2, axis=1)
    assert psnr(ours, truth) > psnr(plain, truth)


@pytest.mark.parametrize(
    "finish",
    [
        Finish(strength=0.5), Finish(fix_colour=True), Finish(sharpen=0.7),
        Finish(keep_grain=0.5), Finish(strength=0.3, fix_colour=True, sharpen=1, keep_grain=1),
    ],
    ids=str,
)  # fmt: skip
def test_finished_tiles_meet_without_a_seam(bundled, finish):
    image = to_tensor(natural("astronaut", 150, 140))
    settings = {"precision": "fp32", "device": "cpu", "finish": finish}
    whole = Upscaler(bundled, tile=4096, **settings).upscale_tensor(image)
    tiled = Upscaler(bundled, tile=64, **settings)
    assert tiled.is_exact
    assert (tiled.upscale_tensor(image) - whole).abs().max() <= 2e-6


def test_strength_zero_is_bicubic_and_a_half_is_halfway(bundled):
    image = to_tensor(natural("coffee", 40, 48))
    full, half, none = (
        Upscaler(
            bundled, precision="fp32", device="cpu", finish=Finish(strength=strength)
        ).upscale_tensor(image)
        for strength in (1.0, 0.5, 0.0)
    )
    bicubic = torch.nn.functional.interpolate(image, scale_factor=4, mode="bicubic")
    assert torch.equal(none, bicubic)
    assert (half - (full + none) / 2).abs().max() < 1e-6


def test_fixed_colours_match_the_input():
    """A network that tints the picture is brought back to the input's mean colour."""
    model = rrdbnet(4)
    image = to_tensor(natural("coffee", 64, 64))
    means = []
    for fix_colour in (False, True):
        finish = Finish(fix_colour=fix_colour)
        result = Upscaler(model, precision="fp32", finish=finish, device="cpu")
        means.append((result.upscale_tensor(image) - image.mean()).mean().abs())
    assert means[1] < 0.02 < means[0]


def test_grain_comes_back(bundled):
    noise = np.random.default_rng(0).normal(0, 12, (64, 64, 3))
    noisy = (natural("coffee", 64, 64) + noise).clip(0, 255).astype(np.uint8)
    plain, grainy = (
        Upscaler(bundled, precision="fp32", device="cpu", finish=Finish(keep_grain=amount))(noisy)
        for amount in (0.0, 1.0)
    )
    assert psnr(shrunk(grainy, 4), noisy) > psnr(shrunk(plain, 4), noisy) + 3


@pytest.mark.parametrize(
    "setting", [{"strength": 1.5}, {"sharpen": -1}, {"keep_grain": float("nan")}], ids=str
)
def test_finishes_out_of_range_are_refused(setting):
    with pytest.raises(ParameterError, match="E001"):
        Finish(**setting)


@pytest.mark.parametrize("scale", [1, 2, 2.5, 3, 8])
def test_a_plain_filter_enlarges_by_the_factor_itself(scale):
    pixels = natural("coffee", 30, 40)
    result = Upscaler("bicubic", scale=scale, device="cpu")(pixels)
    assert result.shape == (round(30 * scale), round(40 * scale), 3)
    if scale == int(scale):
        direct = torch.nn.functional.interpolate(
            to_tensor(pixels), scale_factor=scale, mode="bicubic"
        )
        expected = (direct[0].permute(1, 2, 0).numpy().clip(0, 1) * 255).round()
        assert np.abs(result - expected).max() <= 1


def test_a_gray_model_takes_every_channel(tmp_path):
    path = tmp_path / "gray.safetensors"
    save_file(Compact(2, 8, 2, channels=1).state_dict(), path)
    upscaler = Upscaler(path, precision="fp32", device="cpu")
    pixels = natural("coffee", 20, 24)
    result = upscaler(pixels)
    assert result.shape == (40, 48, 3)
    for channel in range(3):
        gray = np.ascontiguousarray(pixels[:, :, channel])
        assert np.abs(result[:, :, channel].astype(int) - upscaler(gray)).max() <= 1


# -- how it runs -----------------------------------------------------------------------------------


def test_progress_counts_every_tile(bundled):
    seen = []
    upscaler = Upscaler(bundled, scale=6, tile=32, precision="fp32", device="cpu")
    upscaler(natural("coffee", 40, 50), progress=lambda done, total: seen.append((done, total)))
    totals = {total for _, total in seen}
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1)) and totals == {len(seen)}


def test_closing_the_stream_stops_the_work(bundled):
    steps = Upscaler(bundled, tile=32, precision="fp32", device="cpu").stream(natural())
    assert next(steps).done == 1
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)


def test_a_tile_that_overflows_is_redone_in_full_precision(bundled, caplog):
    pixels = natural("coffee", 32, 32)
    upscaler = Upscaler(bundled, precision="bf16", device="cpu")
    upscaler._runner._network.body[0].weight.data.fill_(float("inf"))
    assert np.array_equal(upscaler(pixels), Upscaler(bundled, precision="fp32")(pixels))
    assert "W207" in caplog.text


class Limited(torch.nn.Module):
    """The bundled on a machine that cannot hold more than ``most`` pixels a run."""

    def __init__(self, network: torch.nn.Module, most: int, message: str) -> None:
        super().__init__()
        self.network, self.most, self.message = network, most, message
        self.sizes: list[int] = []

    def full_precision_modules(self):
        return self.network.full_precision_modules()

    def forward(self, image):
        if image.shape[2] * image.shape[3] > self.most:
            raise RuntimeError(self.message)
        return self.network(image)


OUT_OF_MEMORY = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"


def limited(bundled: LoadedModel, most: int, message: str = OUT_OF_MEMORY) -> Upscaler:
    model = LoadedModel(Limited(bundled.network, most, message).eval(), bundled.spec)
    return Upscaler(model, tile=128, precision="fp32", device="cpu")


def test_tiles_are_halved_when_memory_runs_out(bundled, caplog):
    pixels = natural("coffee", 150, 140)
    result = limited(bundled, most=70 * 70)(pixels)
    assert np.array_equal(result, Upscaler(bundled, precision="fp32", device="cpu")(pixels))
    assert "tiles of 64 px" in caplog.text


def test_memory_that_never_suffices_is_one_sentence(bundled):
    with pytest.raises(ResourceError, match=r"E301 .*128, 64, 32 px"):
        limited(bundled, most=100)(natural("coffee", 150, 140))


def test_another_failure_is_not_taken_for_lack_of_memory(bundled):
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        limited(bundled, most=100, message="mat1 and mat2 shapes")(natural())


def test_numbers_that_are_not_finite_are_refused(bundled):
    model = rrdbnet(4)
    with torch.no_grad():
        model.network.conv_last.bias.fill_(float("nan"))
    with pytest.raises(ModelError, match="E204"):
        Upscaler(model, precision="fp32", device="cpu")(natural())


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3)), np.zeros((4, 4, 5), np.uint8), np.zeros((0, 4, 3), np.uint8),
        np.zeros(4, np.uint8), np.zeros((4, 4, 3), np.int16),
    ],
    ids=["float", "five channels", "empty", "one axis", "signed"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(bundled, pixels):
    with pytest.raises(ParameterError, match="E005"):
        Upscaler(bundled, device="cpu")(pixels)


@pytest.mark.parametrize(
    "settings",
    [{"scale": 0.1}, {"scale": 17}, {"tile": 8}, {"overlap": -1}, {"precision": "fp8"}],
    ids=str,
)
def test_settings_out_of_range_are_refused(bundled, settings):
    with pytest.raises(ParameterError, match="E001"):
        Upscaler(bundled, device="cpu", **settings)


MEMORY = """
import resource, sys
import numpy as np, torch
from realesr import Upscaler
scale, channels, side = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
upscaler = Upscaler("lab-x4", scale=scale, tile=128, precision="fp32", device="cpu")
upscaler(np.zeros((200, 200, channels), np.uint8))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pixels = np.zeros((side, side, channels), np.uint8)
pixels[::2] = 255
result = upscaler(pixels)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * 1024 - pixels.nbytes - result.nbytes)
"""


@pytest.mark.parametrize(("scale", "channels"), [(4, 3), (2, 3), (4, 4)])
def test_memory_beyond_the_arrays(scale, channels):
    """None at the model's own scale, else its own result; about 30 bytes a pixel for alpha."""
    extra = [
        int(
            subprocess.run(
                [sys.executable, "-c", MEMORY, str(scale), str(channels), str(side)],
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for side in (300, 900)
    ]  # fmt: skip
    pixels = 900**2 - 300**2
    allowed = 0 if scale == 4 else pixels * 16 * channels
    allowed += 32 * pixels if channels == 4 else 0
    assert extra[1] - extra[0] < allowed + 25e6, extra
