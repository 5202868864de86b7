"""The same bits whatever the number of threads: a worker has one, the program has several.

Arithmetic that is cut among threads may round differently at the cuts (a fused multiply-add inside
a vector, a plain one in its tail), and JPEG turns one such bit into a whole level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from realesr.degradations import Resize, UnsharpMask, presets
from realesr.degradations.further.darkroom import FilmGrain, Oversharpen
from realesr.degradations.further.optics import Defocus, MotionBlur
from realesr.degradations.operations import Blur, Operation


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def picture(height: int = 397, width: int = 389) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


OPERATIONS = [
    *(
        Resize(factor=factor, mode=mode, antialias=antialias, standard=standard)
        for factor in (0.83, 0.61)
        for mode in ("area", "bilinear", "bicubic")
        for antialias in (False, True)
        for standard in ("size", "reference")
        if not (antialias and standard == "reference")
    ),
    Blur(size=21, sigma_x=2.5, sigma_y=1.0, angle=0.4),
    Blur(size=7, sigma_x=0.6, sigma_y=0.6),
    UnsharpMask(),
    Oversharpen(amount=1.5, radius=1.3),
    FilmGrain(size=1.2, strength=9, seed=1),
    MotionBlur(length=9.5, angle=0.3),
    Defocus(radius=3.3),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
def test_an_operation_gives_the_same_bits(operation: Operation, threads):
    image = picture()
    results = []
    for count in (1, 2, 3, 4):
        threads(count)
        results.append(operation.apply(image, (397, 389)))
    for result in results[1:]:
        assert torch.equal(result, results[0])


@pytest.mark.parametrize(("height", "width"), [(336, 4), (7, 500), (33, 209), (396, 209)])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_a_blur_gives_the_same_bits_at_odd_sizes(height: int, width: int, angle: float, threads):
    """Round kernels go by matrix products, oval ones by Fourier or by sums, as the size says."""
    image = picture(height, width)
    blur = Blur(size=9, sigma_x=2.0, sigma_y=2.0 + angle, angle=angle)
    results = []
    for count in (1, 2, 3, 4):
        threads(count)
        results.append(blur.apply(image, (height, width)))
    assert all(torch.equal(result, results[0]) for result in results[1:])


@pytest.mark.parametrize("name", ["real_esrgan", "real_esrgan_exact", "bsrgan", "phone_night"])
def test_a_recipe_gives_the_same_bits(name: str, threads):
    hr = picture(396, 388)
    for seed in range(4):
        trace = getattr(presets, name)(4).sample(seed)
        results = []
        for count in (1, 2):
            threads(count)
            results.append(trace.apply(hr))
        assert torch.equal(results[0], results[1]), seed
