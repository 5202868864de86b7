"""The light falls off as the fourth power of the cosine."""

from __future__ import annotations

import math

import pytest
import torch

from realesr.degradations.further.sensor import to_linear_light
from realesr.degradations.further.vignette import Vignette, vignette


@pytest.mark.parametrize("angle", [0.0, 0.3, 0.8, 1.2])
def test_the_corners_get_the_fourth_power_of_the_cosine(angle):
    light = vignette(torch.full((1, 3, 21, 31), 0.8), angle)
    for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        assert float(light[0, 0, row, column]) == pytest.approx(0.8 * math.cos(angle) ** 4)
    assert float(light[0, 0, 10, 15]) == pytest.approx(0.8)


def test_it_darkens_light_and_not_numbers():
    gray = torch.full((1, 3, 9, 9), 0.5)
    after = Vignette(angle=0.7).apply(gray, (9, 9))
    ratio = to_linear_light(after) / to_linear_light(gray)
    assert float(ratio[0, 0, 0, 0]) == pytest.approx(math.cos(0.7) ** 4, abs=1e-4)
    assert float(after[0, 0, 4, 4]) == pytest.approx(0.5, abs=1e-6)
