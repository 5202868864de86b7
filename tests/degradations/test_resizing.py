"""The antialiased filters against Pillow's, to the last pixel of a width of one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from realesr.degradations import Resize

MODES = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("height", "width"), [(64, 40), (40, 64), (8, 64), (64, 8), (9, 9)])
def test_the_antialiased_filter_is_pillows(mode, height, width):
    picture = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    for factor in (1 / 40, 1 / 8, 0.3, 0.5):
        found = Resize(factor=factor, mode=mode, antialias=True).apply(picture, (height, width))
        rows, columns = found.shape[2:]
        for channel in range(3):
            plane = Image.fromarray(picture[0, channel].numpy(), mode="F")
            wanted = np.asarray(plane.resize((columns, rows), MODES[mode]))
            assert np.abs(found[0, channel].numpy() - wanted).max() < 2e-6, (factor, rows, columns)
