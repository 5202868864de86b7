"""Tiles that run together give what each gives alone; on CUDA that is how all of them run."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from realesr import Upscaler, load_model
from realesr.inference.running import Runner
from realesr.models.catalogue import ModelSpec
from realesr.models.loading import LoadedModel
from realesr.models.rrdbnet import RRDBNet
from tests.pictures import natural


@pytest.fixture(scope="module")
def bundled() -> LoadedModel:
    return load_model("lab-x4-fidelity", device="cpu")


@pytest.fixture(scope="module")
def unshuffling() -> LoadedModel:
    """Reads its picture in blocks of 4 x 4: odd sides are padded, and what was padded goes."""
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        network = RRDBNet(1, 8, 1, 4).eval()
    spec = ModelSpec(
        name="test", architecture="rrdbnet", arguments={}, scale=1, source="",
        multiple_of=network.multiple_of, radius=network.radius,
    )  # fmt: skip
    return LoadedModel(network, spec)


def tiles(shapes: list[tuple[int, int, int]]) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return [
        torch.rand(count, 3, height, width, generator=random) for count, height, width in shapes
    ]


SHAPES = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from([5, 8]), st.sampled_from([6, 9])), max_size=9
)


@settings(max_examples=30, deadline=None)
@given(shapes=SHAPES, together=st.integers(1, 4))
@pytest.mark.parametrize("which", ["bundled", "unshuffling"])
def test_together_is_as_alone(request, which, shapes, together):
    model = request.getfixturevalue(which)
    given_tiles = tiles(shapes)
    alone = Runner(model, "cpu", torch.float32)
    runner = Runner(model, "cpu", torch.float32, together=together)
    made = list(runner.stream(given_tiles))
    assert len(made) == len(given_tiles)
    for tile, result in zip(given_tiles, made, strict=True):
        scale = model.spec.scale
        assert result.shape == (len(tile), 3, tile.shape[2] * scale, tile.shape[3] * scale)
        assert torch.allclose(result, alone(tile), atol=2e-6)


def test_neighbours_of_one_shape_run_together(bundled):
    seen = []
    runner = Runner(bundled, "cpu", torch.float32, together=3)
    runner._network.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape)))
    list(runner.stream(tiles([(1, 8, 8)] * 4 + [(1, 8, 6)] * 2 + [(1, 8, 8)])))
    assert seen == [(3, 3, 8, 8), (1, 3, 8, 8), (2, 3, 8, 6), (1, 3, 8, 8)]


def test_only_the_tile_that_overflowed_is_made_again(bundled, caplog):
    """Of three that run together, the white one overflows; its neighbours stay as they are."""
    caplog.set_level(logging.WARNING)
    quiet = tiles([(1, 8, 8)])[0] / 2
    white = torch.ones_like(quiet)
    runner = Runner(bundled, "cpu", torch.bfloat16, together=3)
    before = list(runner.stream([quiet, white, quiet]))

    def overflow(_, given, made):
        return torch.where(given[0].mean((1, 2, 3), keepdim=True) > 0.9, float("inf"), made)

    runner._network.register_forward_hook(overflow)
    after = list(runner.stream([quiet, white, quiet]))
    assert caplog.text.count("W207") == 1
    assert torch.equal(after[0], before[0]) and torch.equal(after[2], before[2])
    assert torch.equal(after[1], Runner(bundled, "cpu", torch.float32)(white))
    assert not torch.equal(after[1], before[1])


def test_halving_ends_with_one():
    runner = Runner(load_model("lab-x4", device="cpu"), "cpu", torch.float32, together=5)
    assert [runner.halve(), runner.together, runner.halve(), runner.together] == [True, 2, True, 1]
    assert not runner.halve()


class Narrow(torch.nn.Module):
    """The bundled network where only one tile at a time fits."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def full_precision_modules(self):
        return self.network.full_precision_modules()

    def forward(self, pictures):
        if len(pictures) > 1:
            raise RuntimeError(
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9"
            )
        return self.network(pictures)


def test_fewer_tiles_run_together_before_tiles_become_smaller(bundled):
    pixels = natural("coffee", 64, 96)
    upscaler = Upscaler(
        LoadedModel(Narrow(bundled.network), bundled.spec), tile=32, precision="fp32", device="cpu"
    )
    upscaler._runner.together = 4
    result = upscaler(pixels)
    assert upscaler._runner.together == 1
    whole = Upscaler(bundled, tile=32, precision="fp32", device="cpu")(pixels)
    assert np.array_equal(result, whole)


def test_on_cuda_tiles_run_together_and_agree_with_the_cpu(bundled, cuda):
    pixels = natural("coffee", 200, 300)
    there = Upscaler(bundled, tile=64, precision="fp32", device=cuda)
    made = there(pixels).astype(int)
    assert there._runner.together > 1
    assert np.abs(made - Upscaler(bundled, precision="fp32", device="cpu")(pixels)).max() <= 1
