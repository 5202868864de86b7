"""Why the figures that circulate are others than ours: what is known, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Variation:
    """Bicubic enlargement measured one way.

    Attributes:
        shrunk: How the input was made.
        enlarged: Which bicubic enlarged it.
        psnr: Of RGB.
        psnr_y: Of the brightness alone.
        ssim: Of RGB.
        ssim_y: Of the brightness alone.
    """

    shrunk: str
    enlarged: str
    psnr: float
    psnr_y: float
    ssim: float
    ssim_y: float


def reasons(variations: Sequence[Variation]) -> str:
    """A Markdown list: one point for each figure that circulates.

    Args:
        variations: Bicubic by the protocol of our table first, then with the classic kernel.
    """
    ours, classic = variations[0], variations[1]
    lowest = min(each.ssim for each in variations)
    highest = max(each.ssim_y for each in variations)
    points = [
        "**bicubic 26.72 / .726.** The PSNR is that of RGB with the classic kernel (a = -0.5): "
        f"{classic.psnr:.2f} here. Our row has PyTorch's kernel (a = -0.75): {ours.psnr:.2f}. On Y "
        f"the same picture has {classic.psnr_y:.2f}. An SSIM of .726 comes out of none of the "
        f"protocols below ({lowest:.3f} to {highest:.3f}); no source is known.",
        "**SRGAN 29.40 / .847.** From its paper (Ledig et al., CVPR 2017), measured on Y. The same "
        f"paper has 28.43 for bicubic (here {classic.psnr_y:.2f}): the gain is 1.0 dB, not the 2.7 "
        "between the lines of the circulating table, which puts figures of Y beside one of RGB. On "
        f"these pictures Y alone makes {classic.psnr_y - classic.psnr:+.2f} dB. The authors "
        "published no weights.",
        "**ESRGAN 30.45 / .868.** On Y again: the released weights as measured by others (Ma et "
        "al., SPSR, CVPR 2020); the paper itself has only its model trained for PSNR, 32.73. A "
        "user measured 28.54 / .831 for the released ones (BasicSR, issue 39), lower by about what "
        "Y makes.",
        "**Real-ESRGAN 28.50 / .823.** No source is known; the paper (Wang et al. 2021) has NIQE "
        "only, of photographs without a truth. It is near that user's figure for ESRGAN. Networks "
        "trained on damaged pictures take the fine texture of a clean one for damage, so this "
        "table, whose inputs are clean, is not what they are made for.",
        "**40 ms on a V100.** RRDBNet with 23 blocks makes about 2.4 TFLOP of 256×256 pixels. A "
        "V100 has at most 15.7 TFLOP/s in fp32, which is 150 ms, and 125 in fp16: 40 ms is a "
        "figure of half precision on a graphics card. Ours are of the machine that made this "
        "table.",
    ]
    lines = "\n".join(f"- {point}" for point in points)
    return f"Why the circulating figures are others:\n\n{lines}"
