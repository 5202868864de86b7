"""The shortest training loop that is one; the real one is ``realesr.train``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from realesr.losses import l1
from realesr.randomness import spawn

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Network = TypeVar("Network", bound="nn.Module")


def fresh(make: Callable[[], Network], seed: int = 0) -> Network:
    """A network whose first weights depend on the seed alone.

    Args:
        make: Such as ``lambda: SRCNN(scale=2)``.
        seed: Any whole number.
    """
    import torch

    # Networks draw their first weights from the global generator; it is put back afterwards.
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(spawn(seed, "first weights").get_state())
        return make()


def teach(
    network: nn.Module,
    low: Tensor,
    high: Tensor,
    *,
    steps: int,
    loss: Callable[[Tensor, Tensor], Tensor] = l1,
    rate: float = 1e-3,
    batch: int = 8,
    patch: int = 24,
    seed: int = 0,
    judge: Callable[[nn.Module], float] | None = None,
    looks: int = 8,
) -> list[tuple[int, float]]:
    """Teach a network to make ``high`` from ``low``, and look at it now and then.

    Args:
        network: Learns in place.
        low: N x C x h x w, what it is given.
        high: N x C x (scale h) x (scale w), what it should make of it.
        steps: How often the weights are changed.
        loss: What is made small; its arguments are the result and the truth.
        rate: Adam's learning rate; it falls to a tenth along half a cosine.
        batch: Patches in a step.
        patch: Side of a patch in pixels of ``low``.
        seed: Of the places where patches are cut.
        judge: Gives a score for the network; the mean loss since the last look when None.
        looks: How many times it is judged, besides at the start.

    Returns:
        Pairs of step and score.
    """
    import torch

    generator, scale = spawn(seed, "teach"), high.shape[-1] // low.shape[-1]
    adam = torch.optim.Adam(network.parameters(), lr=rate)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, max(steps, 1), rate / 10)
    every, seen, curve = max(1, steps // looks), [], []
    if judge is not None:
        curve.append((0, judge(network)))
    for step in range(1, steps + 1):
        given, wanted = cut(low, high, batch, patch, scale, generator)
        error = loss(network(given), wanted)
        adam.zero_grad(set_to_none=True)
        error.backward()
        adam.step()
        falling.step()
        seen.append(error.item())
        if step % every == 0:
            curve.append((step, judge(network) if judge else sum(seen) / len(seen)))
            seen.clear()
    return curve


def cut(
    low: Tensor, high: Tensor, count: int, patch: int, scale: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Random patches of the same places in both, as two batches."""
    import torch

    places = []
    for limit in (len(low), low.shape[-2] - patch + 1, low.shape[-1] - patch + 1):
        places.append(torch.randint(limit, (count,), generator=generator).tolist())
    given, wanted = [], []
    for picture, top, left in zip(*places, strict=True):
        given.append(low[picture, :, top : top + patch, left : left + patch])
        rows = slice(scale * top, scale * (top + patch))
        columns = slice(scale * left, scale * (left + patch))
        wanted.append(high[picture, :, rows, columns])
    return torch.stack(given), torch.stack(wanted)
