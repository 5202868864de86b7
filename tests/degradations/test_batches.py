"""Batches: each picture by its own trace, on the CPU to equal bits, on a GPU to 60 dB."""

from __future__ import annotations

import pytest
import torch

from realesr.degradations import (
    Jpeg,
    RandomBlur,
    Recipe,
    Resize,
    Round,
    Trace,
    UnsharpMask,
    presets,
)
from realesr.degradations.batches import degrade_batch
from realesr.degradations.noise import poisson_counts, poisson_tables, search
from realesr.errors import ParameterError, PictureError


def photographs(count: int, side: int) -> torch.Tensor:
    """Crops of scikit-image's astronaut, one beside the other."""
    from skimage import data

    pixels = torch.from_numpy(data.astronaut().copy()).movedim(-1, 0)[None] / 255
    return torch.cat(
        [pixels[..., 30 * n : 30 * n + side, 40 * n :][..., :side] for n in range(count)]
    )


def decibels(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(-10 * torch.log10((one - other).square().mean() + 1e-12))


@pytest.mark.parametrize("name", ["real_esrgan", "phone_night"])
def test_on_a_cpu_the_bits_are_those_of_each_trace(name):
    hr = photographs(3, 64)
    before = hr.clone()
    traces = [getattr(presets, name)(4).sample(seed) for seed in range(3)]
    lr = degrade_batch(hr, traces, "cpu")
    for each, trace, one in zip(lr, traces, hr, strict=True):
        assert torch.equal(each, trace.apply(one[None])[0])
    assert torch.equal(hr, before)


def test_as_many_traces_as_pictures():
    traces = [presets.real_esrgan(4).sample(seed) for seed in range(2)]
    with pytest.raises(ParameterError, match="3 pictures need as many traces, got 2"):
        degrade_batch(photographs(3, 32), traces)


def test_counts_by_the_ladder_alone_are_those_by_the_table():
    """A GPU searches every count, a CPU only those that the table does not know."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(0, 256, (100_000,), generator=generator).float()
    chances = torch.rand(values.shape, generator=generator)
    for levels in (4, 256):
        tables = poisson_tables(levels, values.device)
        assert torch.equal(search(tables, values, chances), poisson_counts(values, chances, levels))


@pytest.mark.parametrize("name", sorted(presets.PRESETS))
def test_on_a_gpu_a_batch_comes_close(name, cuda):
    hr = photographs(6, 256)
    traces = [getattr(presets, name)(4).sample(seed) for seed in range(6)]
    lr = degrade_batch(hr, traces, cuda)
    assert lr.device.type == "cuda"
    assert decibels(lr.cpu(), degrade_batch(hr, traces)) >= 60


@pytest.mark.parametrize("first", [UnsharpMask(), Resize(factor=0.5)])
def test_on_a_gpu_a_common_beginning_changes_nothing(first, cuda):
    hr = photographs(3, 128)
    drawn = [Recipe(name="x", scale=1, steps=(RandomBlur(),)).sample(seed) for seed in range(3)]
    traces = [
        Trace(recipe="x", seed=0, scale=1, operations=(first, *trace.operations)) for trace in drawn
    ]
    for lr, trace, one in zip(degrade_batch(hr, traces, cuda), traces, hr, strict=True):
        assert decibels(lr.cpu()[None], trace.apply(one[None])) >= 60


def test_on_a_gpu_jpeg_has_equal_bits(cuda):
    hr = photographs(2, 200)
    for quality in (30, 75, 95):
        jpeg = Jpeg(quality=quality)
        assert torch.equal(jpeg.apply(hr.to(cuda), (200, 200)).cpu(), jpeg.apply(hr, (200, 200)))


def test_on_a_gpu_what_is_no_number_is_found_once_for_all(cuda):
    hr = photographs(2, 32)
    hr[1, 0, 3, 3] = float("nan")
    trace = Trace(recipe="x", seed=0, scale=1, operations=(Round(),))
    with pytest.raises(PictureError, match="1 values that are not finite"):
        degrade_batch(hr, [trace, trace], cuda)
