"""JPEG at work on one block of 8 x 8 pixels: amounts, table, what is kept, what comes back."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lab.pages.degrade_strip import png
from lab.text import say
from realesr.degradations import Jpeg
from realesr.degradations.jpeg import CHROMINANCE, LUMINANCE, patterns, rgb_to_ycc, table

Block = np.ndarray[Any, Any]


def blocks(operation: Jpeg, before: Tensor, middle: tuple[float, float]) -> str:
    """The way of the block at a place of the picture, and both tables of this quality.

    Args:
        operation: The JPEG.
        before: The picture it is applied to, (1, 3, H, W).
        middle: The place: down and across, as shares of the sides.
    """
    light = block_at(before, middle)
    steps = table(LUMINANCE, max(1, round(operation.quality))).numpy()
    amounts = forward(light)
    kept = np.round(amounts / steps)
    back = backward(kept * steps)
    zeros = int((kept == 0).sum())
    told = say("jpeg.told", kept=64 - zeros, zeros=zeros, error=f"{np.abs(back - light).max():.0f}")
    colour = table(CHROMINANCE, max(1, round(operation.quality))).numpy()
    parts = [
        _picture("jpeg.pixels", light),
        _numbers("jpeg.amounts", np.round(amounts).astype(int)),
        _numbers("jpeg.table", steps),
        _numbers("jpeg.kept", kept.astype(int)),
        _picture("jpeg.back", back),
        _numbers("jpeg.colour_table", colour),
    ]
    return (
        f'<section class="jpeg"><h4>{html.escape(say("jpeg.title"))}</h4>'
        f"<p>{html.escape(told)}</p>"
        f'<div class="blocks">{"".join(parts)}</div></section>'
    )


def block_at(image: Tensor, middle: tuple[float, float]) -> Block:
    """The brightness of a block of the JPEG grid, 8 x 8, in levels of 255."""
    height, width = image.shape[-2:]
    top, left = (
        min(int(share * side) // 8 * 8, max(0, (side // 8 - 1) * 8))
        for share, side in zip(middle, (height, width), strict=True)
    )
    piece = image[..., top : top + 8, left : left + 8].clamp(0, 1).mul(255).round()
    light = rgb_to_ycc(piece)[0, 0]
    full = torch.nn.functional.pad(
        light[None, None], (0, 8 - light.shape[1], 0, 8 - light.shape[0]), mode="replicate"
    )
    return full[0, 0].double().numpy()


def forward(light: Block) -> Block:
    """The amounts of the 64 patterns in a block.

    >>> round(float(forward(np.full((8, 8), 128.0)).max()), 6)
    0.0
    """
    waves = patterns(torch.device("cpu")).double().numpy()
    return ((light - 128).reshape(64) @ waves).reshape(8, 8)


def backward(amounts: Block) -> Block:
    """The block that has these amounts, in levels of 255.

    >>> light = np.arange(64.0).reshape(8, 8)
    >>> bool(np.allclose(backward(forward(light)), light, atol=1e-4))
    True
    """
    waves = patterns(torch.device("cpu")).double().numpy()
    return (waves @ amounts.reshape(64)).reshape(8, 8).clip(-128, 127) + 128


def _picture(key: str, light: Block) -> str:
    pixels = np.repeat(light.round().clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    name = html.escape(say(key), quote=True)
    return f'<figure><figcaption>{name}</figcaption><img src="{png(pixels)}" alt="{name}"></figure>'


def _numbers(key: str, values: Block) -> str:
    return f"<figure><figcaption>{html.escape(say(key))}</figcaption>{_table(values)}</figure>"


def _table(values: Sequence[Any] | Block) -> str:
    rows = "".join(
        "<tr>"
        + "".join(f"<td{'' if value else ' class=zero'}>{value}</td>" for value in row)
        + "</tr>"
        for row in np.asarray(values).tolist()
    )
    return f"<table><tbody>{rows}</tbody></table>"
