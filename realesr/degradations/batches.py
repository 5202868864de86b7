"""A batch degraded, each picture by its own trace; on a GPU several pictures at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from realesr.degradations.operations import Operation, UnsharpMask
from realesr.degradations.recipe import Trace, check_hr
from realesr.errors import ParameterError

# Threads that draw noise and feed a GPU, each a stream of its own.
LANES = 4


def degrade_batch(
    hr: Tensor, traces: Sequence[Trace], device: torch.device | str | None = None
) -> Tensor:
    """Degrade a batch on a device, each picture by its own trace.

    On a CPU the bits are those of ``trace.apply``. On a GPU the pictures are looked at once instead
    of at each operation, an unsharp mask that all traces begin with sharpens the whole batch, and
    the rest of the traces runs in ``LANES`` streams side by side.

    Args:
        hr: ``(n, 3, h, w)``, float32, [0, 1]; sides are multiples of the scale.
        traces: One for each picture, of one scale.
        device: Where to work; where ``hr`` is by default.

    Returns:
        ``(n, 3, h / scale, w / scale)`` on the device.

    Raises:
        ParameterError: E004 when there are not as many traces as pictures; E002 and E003 as
            ``Trace.apply`` does.
        PictureError: E111 for pixels that are not numbers.

    >>> from realesr.degradations import presets
    >>> traces = [presets.real_esrgan(4).sample(seed) for seed in (1, 2)]
    >>> degrade_batch(torch.rand(2, 3, 32, 48), traces).shape
    torch.Size([2, 3, 8, 12])
    """
    if len(traces) != len(hr):
        raise ParameterError("E004", f"{len(hr)} pictures need as many traces, got {len(traces)}.")
    moved = hr if device is None else hr.to(device, non_blocking=True)
    if not moved.is_cuda:
        return torch.cat([trace.apply(moved[n : n + 1]) for n, trace in enumerate(traces)])
    for scale in {trace.scale for trace in traces}:
        check_hr(moved, scale)
    happened = [trace.operations for trace in traces]
    mask = next(iter(happened[0]), None)
    if isinstance(mask, UnsharpMask) and all(each[:1] == (mask,) for each in happened):
        moved = mask.apply(moved, (moved.shape[-2], moved.shape[-1]))
        happened = [each[1:] for each in happened]
    return _side_by_side(moved, happened)


def _side_by_side(hr: Tensor, happened: Sequence[Sequence[Operation]]) -> Tensor:
    """Every fourth picture in one lane; the caller's stream goes on when all lanes are done."""
    here = torch.cuda.current_stream(hr.device)

    def drive(lane: int) -> tuple[torch.cuda.Stream, dict[int, Tensor]]:
        stream = torch.cuda.Stream(hr.device)  # type: ignore[no-untyped-call]
        stream.wait_stream(here)
        with torch.cuda.stream(stream), torch.no_grad():
            numbers = range(lane, len(hr), LANES)
            return stream, {n: _apply(happened[n], hr[n : n + 1]) for n in numbers}

    done: dict[int, Tensor] = {}
    with ThreadPoolExecutor(LANES) as pool:
        for stream, pictures in pool.map(drive, range(LANES)):
            here.wait_stream(stream)
            done |= pictures
    for picture in done.values():
        # Its memory belongs to the lane, which must not reuse it before this stream has read it.
        picture.record_stream(here)
    return torch.cat([done[n] for n in range(len(hr))])


def _apply(operations: Sequence[Operation], image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    for operation in operations:
        image = operation.apply(image, (height, width))
    return image
