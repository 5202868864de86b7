"""The numbers that every seed of every file stands for."""

from __future__ import annotations

import torch

from realesr.randomness import derive, spawn


def test_a_seed_means_the_same_for_ever():
    """Another value here would change what all recipes, traces and trainings draw."""
    assert derive(0, "epoch", 3, "index", 17) == 8559321856524539650
    assert derive(7) == 6645920422606582411


def test_a_generator_is_made_of_that_number_alone():
    known = torch.Generator().manual_seed(8559321856524539650)
    drawn = torch.rand(4, generator=spawn(0, "epoch", 3, "index", 17))
    assert torch.equal(drawn, torch.rand(4, generator=known))
