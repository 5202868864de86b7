"""What a camera sensor does: count electrons through a mosaic of colour filters.

A file holds numbers for the eye, a sensor counts light. So the picture goes back to linear light,
loses two of three colours at every pixel, gets the noise of counting, and comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from realesr.degradations import noise
from realesr.degradations.operations import Size, check_image
from realesr.degradations.spans import Checked, Span

# The two rows of one tile of the mosaic, as channels: red green / green blue.
RGGB = ((0, 1), (1, 2))


def to_linear_light(image: Tensor) -> Tensor:
    """From the numbers of an sRGB file to amounts of light.

    ``c / 12.92`` below 0.04045, else ``((c + 0.055) / 1.055) ** 2.4``.

    Args:
        image: Any shape, range [0, 1].

    Reference: IEC 61966-2-1, section 5.2.

    >>> [round(float(to_linear_light(torch.tensor(value))), 4) for value in (0.0, 0.5, 1.0)]
    [0.0, 0.214, 1.0]
    """
    return torch.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4)


def from_linear_light(light: Tensor) -> Tensor:
    """From amounts of light to the numbers of an sRGB file: the inverse of ``to_linear_light``.

    Args:
        light: Any shape, range [0, 1].

    Reference: IEC 61966-2-1, section 5.2.

    >>> round(float(from_linear_light(torch.tensor(0.214))), 2)
    0.5
    """
    bright = 1.055 * light.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(light <= 0.0031308, light * 12.92, bright)


def bayer_masks(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """Which pixel sees which colour: 1 where the filter lets the channel through.

    Returns:
        float32 ``(1, 3, height, width)``; exactly one channel is 1 at each pixel.

    Reference: Bayer, US patent 3,971,065 (1976); RGGB order.

    >>> bayer_masks(2, 4)[0, 1].tolist()
    [[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]]
    """
    tile = F.one_hot(torch.tensor(RGGB, device=device), 3).movedim(-1, 0).float()
    repeats = ((height + 1) // 2, (width + 1) // 2)
    return tile.repeat(1, *repeats)[None, :, :height, :width]


def demosaic(raw: Tensor) -> Tensor:
    """Guess the two missing colours of each pixel from its neighbours: the bilinear way.

    A missing green is the mean of the 4 pixels beside it, a missing red or blue the mean of the 2
    or 4 nearest ones. Straight lines in the light survive, edges get coloured fringes.

    Args:
        raw: ``(n, 1, h, w)``, sides of 2 pixels or more.

    Returns:
        ``(n, 3, h, w)``.

    Reference: Li, Gunturk and Zhang, Image Demosaicing: A Systematic Survey, VCIP 2008, section 2.

    >>> bool(torch.allclose(demosaic(torch.full((1, 1, 5, 4), 0.25)), torch.tensor(0.25)))
    True
    """
    masks = bayer_masks(raw.shape[-2], raw.shape[-1], raw.device)
    # Reflection without repeating the edge keeps the order of the colours beyond the border.
    seen = F.pad(raw * masks, (1, 1, 1, 1), mode="reflect")
    cross = raw.new_tensor([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    square = raw.new_tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
    kernels = torch.stack([square, cross, square])[:, None]
    return F.conv2d(seen, kernels, groups=3)


def expose(light: Tensor, white: float, read_noise: float, field: Tensor) -> Tensor:
    """Count the electrons of each pixel, with the noise that counting has.

    ``variance = gain * light + (gain * read_noise)^2`` with ``gain = 1 / white``: shot noise grows
    with the light, read noise is always there. The normal distribution stands for Poisson's, which
    it matches above some ten electrons; unlike Poisson draws it replays on every device.

    Args:
        light: Any shape, linear, range [0, 1].
        white: Electrons that a white pixel collects.
        read_noise: Noise of the electronics, in electrons (root mean square).
        field: Standard normal values in the shape of ``light``.

    Returns:
        Light with noise, not clamped.

    Reference: Foi et al., Practical Poissonian-Gaussian Noise Modeling and Fitting for
        Single-Image Raw-Data, IEEE TIP 2008, section II; Brooks et al., Unprocessing Images for
        Learned Raw Denoising, CVPR 2019, section 3.1.

    >>> float(expose(torch.tensor([0.25]), 100.0, 0.0, torch.tensor([1.0])))
    0.30000001192092896
    """
    variance = light / white + (read_noise / white) ** 2
    return light + variance.sqrt() * field


@dataclass(frozen=True, kw_only=True)
class SensorNoise(Checked):
    """Taken by a small sensor in little light: noise in linear light, through a Bayer mosaic.

    The picture is linearised, mosaicked, exposed, clipped, demosaicked and encoded again, without
    white balance or colour matrix: noise of one colour leaks into its neighbours' guesses, so it
    ends up in blotches, and dark tones are noisier than bright ones.
    """

    white: Annotated[float, Span(1, 1e6, unit="e-", help="electrons a white pixel collects")]
    read_noise: Annotated[float, Span(0, 1e4, unit="e-", help="noise of the electronics")]
    seed: Annotated[int, Span(0, 2**53 - 1, help="which noise")]

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture as the camera saves it, in [0, 1]."""
        check_image(image)
        # Two pixels more on each side: a border for demosaicking, and the order of the colours
        # starts with red at the picture's corner.
        scene = F.pad(to_linear_light(image.clamp(0, 1)), (2, 2, 2, 2), mode="replicate")
        masks = bayer_masks(scene.shape[-2], scene.shape[-1], image.device)
        light = (scene * masks).sum(1, keepdim=True)
        field = noise.gaussian(light, True, self.seed)
        raw = expose(light, self.white, self.read_noise, field).clamp(0, 1)
        return from_linear_light(demosaic(raw)[..., 2:-2, 2:-2]).clamp(0, 1)
