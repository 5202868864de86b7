"""What training is told to make small: each loss is one short function with its paper."""

from realesr.losses.adversarial import adversarial
from realesr.losses.artifact import artifact
from realesr.losses.frequency import frequency
from realesr.losses.perceptual import Perceptual
from realesr.losses.pixel import charbonnier, l1, mse
from realesr.losses.structure import structure

__all__ = [
    "Perceptual",
    "adversarial",
    "artifact",
    "charbonnier",
    "frequency",
    "l1",
    "mse",
    "structure",
]
