"""Upscaler: array in, larger array out, tile by tile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from realesr.errors import ParameterError, ResourceError
from realesr.images import to_tensor
from realesr.inference.channels import AlphaBounds, check_pixels, fill_hidden, layers, merge
from realesr.inference.finishing import Finish
from realesr.inference.laying import Mosaic
from realesr.inference.precision import choose_precision
from realesr.inference.resampling import resample
from realesr.inference.running import Runner
from realesr.inference.tiling import Tile, plan_tiles
from realesr.models.loading import LoadedModel, at_scale, choose_device, load_model

logger = logging.getLogger(__name__)

EXACT_HALO = 64
BLENDED_HALO = 32
BLEND = 16
SMALLEST_TILE = 32


@dataclass(frozen=True)
class Progress:
    """Tiles done, of all tiles."""

    done: int
    total: int


class Upscaler:
    """A model with the settings to run it over pictures of any size.

    Holds no picture between calls. At the model's own scale, memory beyond the input and output
    arrays depends on the tile, not on the picture. Another scale holds the model's own result once
    more, and transparency takes about 30 bytes for each pixel of the input.

    Args:
        model: A loaded model, or what `load_model` takes.
        scale: Factor wanted, 0.25 to 16; None for the model's own. Another factor runs the model as
            often as needed and shrinks the result with an antialiased Lanczos filter.
        tile: Side of a tile's inner rectangle in pixels of the input, or ``"auto"``.
        overlap: Halo read around each tile, in pixels; None for the receptive radius where it is
            at most 64 pixels (tiled and whole are then equal), else 32, blended over 16.
        precision: ``"auto"``, ``"fp32"``, ``"bf16"`` or ``"fp16"``.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        finish: What is done after the network: strength, colours, sharpness, grain.

    Raises:
        ParameterError: E001 for a setting outside its range.

    >>> upscaler = Upscaler("lab-x4", precision="fp32", device="cpu")
    >>> upscaler(np.zeros((5, 7, 3), np.uint8)).shape
    (20, 28, 3)
    """

    def __init__(
        self,
        model: LoadedModel | str | Path,
        *,
        scale: float | None = None,
        tile: int | Literal["auto"] = "auto",
        overlap: int | None = None,
        precision: str = "auto",
        device: str = "auto",
        finish: Finish | None = None,
    ) -> None:
        self.device = choose_device(device)
        loaded = model if isinstance(model, LoadedModel) else load_model(model, device="cpu")
        self.scale = float(loaded.spec.scale if scale is None else scale)
        _check_factor(self.scale)
        if tile != "auto" and tile < SMALLEST_TILE:
            raise ParameterError("E001", f"tile {tile} is too small.", f"{SMALLEST_TILE} is least.")
        if overlap is not None and overlap < 0:
            raise ParameterError("E001", f"overlap {overlap} is negative.", "Use 0 or more.")
        self.model = at_scale(loaded, self.scale)
        self.spec = self.model.spec
        self.dtype = choose_precision(precision, self.device)
        self._runner = Runner(self.model, self.device, self.dtype)
        self.finish = finish or Finish()
        self.tile = self._default_tile() if tile == "auto" else tile
        reach = self.spec.radius + self.finish.reach
        default = reach if self.spec.radius <= EXACT_HALO else BLENDED_HALO + self.finish.reach
        self.halo = default if overlap is None else overlap
        self.is_exact = self.halo >= reach
        self.blend = 0 if self.is_exact else min(BLEND, self.halo // 2)

    def _default_tile(self) -> int:
        return 256 if self.spec.architecture == "rrdbnet" else 512

    def describe(self) -> str:
        """One sentence on how the tiles meet.

        >>> Upscaler("lab-x4", device="cpu").describe()
        'Tiles of 512 px read 18 px around them, all that counts there: the same as in one piece.'
        """
        if self.is_exact:
            return (
                f"Tiles of {self.tile} px read {self.halo} px around them, all that counts there: "
                "the same as in one piece."
            )
        return (
            f"Tiles of {self.tile} px read {self.halo} px around them, of the {self.spec.radius} "
            f"px the model sees, and fade over {self.blend} px: nearly the same as in one piece."
        )

    def passes(self, factor: float | None = None) -> int:
        """How often the network runs over the whole picture to reach a factor."""
        count, reached = 1, self.spec.scale
        while reached < (factor or self.scale) and self.spec.scale > 1:
            count, reached = count + 1, reached * self.spec.scale
        return count

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the result, at least 1."""
        return max(1, round(height * self.scale)), max(1, round(width * self.scale))

    def plan(self, height: int, width: int, *, tile: int | None = None) -> list[Tile]:
        """The tiles of one pass over a picture."""
        return plan_tiles(
            height,
            width,
            tile=tile or self.tile,
            halo=self.halo,
            blend=self.blend,
            multiple_of=self.spec.multiple_of,
        )

    def __call__(
        self,
        pixels: np.ndarray,
        progress: Callable[[int, int], None] | None = None,
        *,
        size: tuple[int, int] | None = None,
    ) -> np.ndarray:
        """Enlarge a picture.

        Args:
            pixels: H x W, H x W x 2 (gray and alpha), H x W x 3 (RGB) or H x W x 4; uint8, uint16.
            progress: Called with tiles done and tiles in all, after each tile.
            size: Height and width wanted, in place of the scale.

        Returns:
            The same channels and dtype, ``scale`` times the sides, or of the size wanted.

        Raises:
            ParameterError: E001 for a size that is not 0.25 to 16 times the picture's, E005 for
                another shape or dtype.
            ResourceError: E301 when even small tiles do not fit in memory.
        """
        steps = self.stream(pixels, size=size)
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            if progress is not None:
                progress(step.done, step.total)

    def stream(
        self, pixels: np.ndarray, *, size: tuple[int, int] | None = None
    ) -> Generator[Progress, None, np.ndarray]:
        """Like calling, as a generator: yields after each tile, returns the result.

        Closing the generator stops the work between two tiles.
        """
        check_pixels(pixels)
        height, width = size or self.output_size(*pixels.shape[:2])
        factor = max(height / pixels.shape[0], width / pixels.shape[1]) if size else self.scale
        _check_factor(factor)
        picture = pixels if pixels.ndim == 3 else pixels[:, :, None]
        passes = self.passes(factor)
        totals = [self._tiles_in_pass(pixels.shape, number) for number in range(passes)]
        for number in range(passes):
            steps = self._one_pass(picture)
            picture = yield from _counted(steps, sum(totals[:number]), sum(totals))
        result = picture if pixels.ndim == 3 else picture[:, :, 0]
        return resample(result, height, width)

    def _tiles_in_pass(self, shape: tuple[int, ...], number: int) -> int:
        enlarged = self.spec.scale**number
        return len(self.plan(shape[0] * enlarged, shape[1] * enlarged))

    def _one_pass(self, pixels: np.ndarray) -> Generator[Progress, None, np.ndarray]:
        """Run the network over every tile, with fewer or smaller ones if memory runs out."""
        tile, tried = self.tile, []
        while True:
            try:
                return (yield from self._tiled(pixels, tile))
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                if self._runner.halve():
                    continue
                tried.append(str(tile))
                tile //= 2
                if tile < SMALLEST_TILE:
                    raise ResourceError(
                        "E301",
                        f"out of memory with tiles of {', '.join(tried)} px.",
                        "Close other programs, or use --device cpu or a smaller model.",
                    ) from error
                logger.warning("out of memory; going on with tiles of %d px", tile)

    def _tiled(self, pixels: np.ndarray, tile_size: int) -> Generator[Progress, None, np.ndarray]:
        """One pass with tiles of one size: H x W x C in, enlarged out."""
        height, width, channels = pixels.shape
        scale = self.spec.scale
        result = np.empty((height * scale, width * scale, channels), pixels.dtype)
        mosaic = Mosaic(result, scale)
        bounds = AlphaBounds(pixels) if channels in (2, 4) else None
        pixels = pixels if bounds is None else fill_hidden(pixels)
        tiles = self.plan(height, width, tile=tile_size)
        read = (pixels[tile.source.rows, tile.source.columns] for tile in tiles)
        given, kept = tee(torch.cat([to_tensor(part) for part in layers(each)]) for each in read)
        made = zip(tiles, kept, self._runner.stream(given), strict=True)
        for number, (tile, batch, enlarged) in enumerate(made, start=1):
            enlarged[:1] = self.finish.apply(enlarged[:1], batch[:1])
            part = merge(enlarged, channels)
            if bounds is not None:
                bounds.hold(part, tile.source, scale)
            mosaic.lay(part, tile)
            yield Progress(number, len(tiles))
        return result

    def upscale_tensor(self, images: torch.Tensor) -> torch.Tensor:
        """Enlarge a batch by the model's own scale, without rounding or clamping.

        Args:
            images: N x 3 x H x W, float, in [0, 1].

        Returns:
            N x 3 x (scale H) x (scale W), float32, on the same device as the input.

        Raises:
            ParameterError: E005 for another shape or dtype.
        """
        if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
            raise ParameterError(
                "E005",
                f"expected N x 3 x H x W of floats, got {tuple(images.shape)} of {images.dtype}.",
                "Convert with realesr.images.to_tensor.",
            )
        height, width = images.shape[2:]
        scale = self.spec.scale
        result = images.new_empty(
            (len(images), 3, height * scale, width * scale), dtype=torch.float32
        )
        mosaic = Mosaic(result, scale)
        tiles = self.plan(height, width)
        boxes = (tile.source for tile in tiles)
        given, kept = tee(images[..., box.rows, box.columns].float().cpu() for box in boxes)
        for tile, source, made in zip(tiles, kept, self._runner.stream(given), strict=True):
            mosaic.lay(self.finish.apply(made, source).to(result.device), tile)
        return result


def _check_factor(factor: float) -> None:
    if not 0.25 <= factor <= 16:
        raise ParameterError(
            "E001", f"a factor of {factor:g} is outside 0.25 to 16.", "Choose another."
        )


def _counted(
    steps: Generator[Progress, None, np.ndarray], before: int, total: int
) -> Generator[Progress, None, np.ndarray]:
    """Count one pass's tiles on from those of the passes before it."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        yield Progress(min(before + step.done, total), total)


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return "can't allocate memory" in str(error) or "not enough memory" in str(error)
