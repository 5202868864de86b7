"""The network on its device: tiles of one shape together, the next ones sent while these run."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from realesr.errors import ModelError
from realesr.inference.precision import narrow
from realesr.models.loading import LoadedModel

logger = logging.getLogger(__name__)

MOST_TOGETHER = 32
_SHARE = 0.5  # of the memory that is free after the first tile


@dataclass(frozen=True)
class _Started:
    """A group of tiles on its way: what went in, and how to wait for what comes out."""

    given: list[Tensor]
    wait: Callable[[], Tensor]


class Runner:
    """A network, narrowed and put where it shall run.

    On a CPU tiles run one by one: a tile keeps all cores busy, and more at once only need memory.
    On CUDA tiles of one shape run together, as many as half of the free memory holds by what the
    first one took; while they run, the next are sent and the results before come back.

    Args:
        model: What shall run.
        device: ``"cpu"`` or a CUDA device.
        dtype: What it computes in; its ends stay float32 (`narrow`).
        together: Tiles in one run; None for what fits.
    """

    def __init__(
        self, model: LoadedModel, device: str, dtype: torch.dtype, *, together: int | None = None
    ) -> None:
        self.model, self.device, self.dtype = model, device, dtype
        self.channels = _readable_channels(model)
        self._network = narrow(model.network, dtype).to(device)
        self._is_cuda = device.startswith("cuda")
        self._measured = together is not None or not self._is_cuda
        self.together = together or 1
        self._depth = 2 if self._is_cuda else 1

    def halve(self) -> bool:
        """Run half as many tiles together from now on; False where they run one by one already."""
        if self.together == 1:
            return False
        self.together //= 2
        return True

    def __call__(self, tile: Tensor) -> Tensor:
        """One tile here and now: N x 3 x H x W in [0, 1] in, float32 on the CPU out."""
        return next(self.stream([tile]))

    def stream(self, tiles: Iterable[Tensor]) -> Iterator[Tensor]:
        """Each tile's result, in order.

        Args:
            tiles: Each N x 3 x H x W, float32 on the CPU.

        Yields:
            N x 3 x (scale H) x (scale W), float32 on the CPU.

        Raises:
            ModelError: E204 when numbers are not finite, in full precision too.
        """
        running: deque[_Started] = deque()
        for group in self._groups(tiles):
            running.append(self._start(group))
            if len(running) == self._depth:
                yield from self._ended(running.popleft())
        while running:
            yield from self._ended(running.popleft())

    def _groups(self, tiles: Iterable[Tensor]) -> Iterator[list[Tensor]]:
        """Neighbours of one shape, at most ``together`` of them."""
        group: list[Tensor] = []
        for tile in tiles:
            if group and (tile.shape != group[0].shape or len(group) >= self.together):
                yield group
                group = []
            group.append(tile)
        if group:
            yield group

    def _start(self, group: list[Tensor]) -> _Started:
        batch = self._prepared(torch.cat(group) if len(group) > 1 else group[0])
        with torch.inference_mode():
            if not self._is_cuda:
                made = self._network(batch)
                return _Started(group, lambda: made)
            return _Started(group, self._start_on_cuda(batch, len(group)))

    def _start_on_cuda(self, batch: Tensor, tiles: int) -> Callable[[], Tensor]:
        """Send, run and fetch without waiting: the result is whole once its event has passed."""
        if not self._measured:
            torch.cuda.reset_peak_memory_stats(self.device)
        before = torch.cuda.memory_allocated(self.device)
        sent = batch.pin_memory().to(self.device, non_blocking=True)
        made = self._network(sent)
        back = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        back.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(back):
            fetched = torch.empty(made.shape, dtype=torch.float32, pin_memory=True)
            fetched.copy_(made, non_blocking=True)
            made.record_stream(back)
            arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            arrived.record(back)
        if not self._measured:
            self._measure(torch.cuda.max_memory_allocated(self.device) - before, tiles)

        def wait() -> Tensor:
            arrived.synchronize()
            return fetched

        return wait

    def _measure(self, taken: int, tiles: int) -> None:
        free, _ = torch.cuda.mem_get_info(self.device)
        fits = int(_SHARE * free / max(taken / tiles, 1))
        self.together, self._measured = min(max(fits, 1), MOST_TOGETHER), True
        logger.debug("%d tiles run together: one takes %d MB", self.together, taken // 2**20)

    def _prepared(self, batch: Tensor) -> Tensor:
        """Padded to what the network divides by; each channel a picture where it reads only one."""
        batch = _pad(batch, self.model.spec.multiple_of)
        batch = batch.reshape(-1, self.channels, *batch.shape[2:])
        return batch.contiguous(memory_format=torch.channels_last)

    def _ended(self, started: _Started) -> Iterator[Tensor]:
        results = self._split(started.wait(), started.given)
        for tile, result in zip(started.given, results, strict=True):
            yield self._whole(tile, result)

    def _split(self, made: Tensor, given: list[Tensor]) -> list[Tensor]:
        """One result for each tile, without what was padded."""
        pictures, channels = sum(len(tile) for tile in given), given[0].shape[1]
        made = made.reshape(pictures, channels, *made.shape[2:])
        scale, (height, width) = self.model.spec.scale, given[0].shape[2:]
        made = made[..., : height * scale, : width * scale].float()
        counts = [len(tile) for tile in given]
        return [part.clone() for part in torch.split(made, counts)]

    def _whole(self, tile: Tensor, result: Tensor) -> Tensor:
        """A tile that overflowed in half precision is made again in full."""
        if bool(torch.isfinite(result).all()):
            return result
        if self.dtype != torch.float32:
            logger.warning("W207 a tile overflowed in %s; redone in fp32", self.dtype)
            with torch.inference_mode():
                made = self.model.network.to(self.device)(self._prepared(tile).to(self.device))
            result = self._split(made.cpu(), [tile])[0]
        if not bool(torch.isfinite(result).all()):
            raise ModelError(
                "E204",
                f"{self.model.spec.name} makes numbers that are not finite, in full precision too.",
                "Use another model.",
            )
        return result


def _readable_channels(model: LoadedModel) -> int:
    """1 for a gray model, 3 for colour; refuses what enlarges no pictures."""
    spec = model.spec
    if spec.architecture == "unet_discriminator":
        raise ModelError(
            "E205",
            f"{spec.name} is no upscaler: it is a discriminator, the judge of a training.",
            "Use the model it judged.",
        )
    channels = int(spec.arguments.get("channels", 3))
    if channels not in (1, 3):
        cause = f"{spec.name} reads {channels} channels; pictures have 1 or 3."
        raise ModelError("E205", cause, "Use another model.")
    return channels


def _pad(batch: Tensor, multiple_of: int) -> Tensor:
    """Mirror the bottom and right edge until both sides are multiples."""
    bottom, right = -batch.shape[2] % multiple_of, -batch.shape[3] % multiple_of
    if not bottom and not right:
        return batch
    mirrored = bottom < batch.shape[2] and right < batch.shape[3]
    return F.pad(batch, (0, right, 0, bottom), mode="reflect" if mirrored else "replicate")
