"""The adversarial losses against torch's own, against values by hand, and in training."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from realesr.losses import adversarial

LOGITS = torch.tensor([[-3.0, -0.5], [0.0, 2.5]])


@pytest.mark.parametrize("real", [True, False])
def test_vanilla_is_binary_cross_entropy(real):
    labels = torch.full_like(LOGITS, float(real))
    expected = F.binary_cross_entropy_with_logits(LOGITS, labels)
    for for_generator in (False, True):
        found = adversarial(LOGITS, real, "vanilla", for_generator=for_generator)
        assert found.item() == pytest.approx(expected.item())


def test_vanilla_by_hand():
    by_hand = [-math.log(1 / (1 + math.exp(-value))) for value in (-3, -0.5, 0, 2.5)]
    assert adversarial(LOGITS, True).item() == pytest.approx(sum(by_hand) / 4)


@pytest.mark.parametrize(
    ("kind", "real", "for_generator", "by_hand"),
    [
        ("lsgan", True, False, (16 + 2.25 + 1 + 2.25) / 4),
        ("lsgan", False, True, (9 + 0.25 + 0 + 6.25) / 4),
        ("hinge", True, False, (4 + 1.5 + 1 + 0) / 4),
        ("hinge", False, False, (0 + 0.5 + 1 + 3.5) / 4),
        ("hinge", True, True, -(-3 - 0.5 + 0 + 2.5) / 4),
    ],
)
def test_least_squares_and_hinge_by_hand(kind, real, for_generator, by_hand):
    found = adversarial(LOGITS, real, kind, for_generator=for_generator)
    assert found.item() == pytest.approx(by_hand)


@pytest.mark.parametrize("kind", ["vanilla", "lsgan", "hinge"])
def test_a_discriminator_that_is_wrong_pays_more(kind):
    surely_real = torch.full((1, 1, 4, 4), 5.0) if kind != "lsgan" else torch.ones(1, 1, 4, 4)
    assert adversarial(surely_real, True, kind) < adversarial(surely_real, False, kind)


def test_a_sure_discriminator_still_teaches_the_generator_and_nothing_overflows():
    for kind in ("vanilla", "hinge"):
        logits = torch.full((8,), -1000.0, requires_grad=True)
        loss = adversarial(logits, True, kind, for_generator=True)
        loss.backward()
        assert loss.item() == pytest.approx(1000)
        assert logits.grad.tolist() == pytest.approx([-1 / 8] * 8)


def test_hinge_stops_teaching_a_discriminator_that_is_right():
    logits = torch.tensor([1.5, 4.0], requires_grad=True)
    adversarial(logits, True, "hinge").backward()
    assert logits.grad.tolist() == [0, 0]


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="vanilla, lsgan or hinge"):
        adversarial(LOGITS, True, "wgan")


@pytest.mark.parametrize("kind", ["vanilla", "lsgan", "hinge"])
def test_both_halves_together_teach_to_tell_two_clouds_apart(kind):
    generator = torch.Generator().manual_seed(0)
    real, made = torch.randn(2, 64, 3, generator=generator) + torch.tensor([[[1.0]], [[-1.0]]])
    weights = torch.zeros(3, requires_grad=True)
    optimiser = torch.optim.SGD([weights], 0.05)
    for _ in range(50):
        optimiser.zero_grad()
        adversarial(real @ weights, True, kind).backward()
        adversarial(made @ weights, False, kind).backward()
        optimiser.step()
    with torch.no_grad():
        right = torch.cat([real @ weights > 0, made @ weights < 0])
    assert right.float().mean() > 0.9
