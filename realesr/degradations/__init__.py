"""What happens to pictures: operations, recipes that draw them, traces that replay them.

>>> import torch
>>> from realesr.degradations import presets
>>> trace = presets.real_esrgan(4).sample(seed=7)
>>> trace.apply(torch.rand(1, 3, 64, 48)).shape
torch.Size([1, 3, 16, 12])
"""

from realesr.degradations import presets
from realesr.degradations.combinations import Chain, OneOf, Shuffle, Sometimes
from realesr.degradations.draw import Draw
from realesr.degradations.further.codecs import Banding, ChromaSubsampling, WebP
from realesr.degradations.further.darkroom import FilmGrain, Oversharpen
from realesr.degradations.further.optics import Defocus, MotionBlur
from realesr.degradations.further.sensor import SensorNoise
from realesr.degradations.further.vignette import Vignette
from realesr.degradations.operations import (
    Blur,
    GaussianNoise,
    Jpeg,
    Operation,
    PoissonNoise,
    Resize,
    Round,
    Sinc,
    UnsharpMask,
)
from realesr.degradations.recipe import Recipe, Trace
from realesr.degradations.recipe_files import load_recipe, recipe_schema, save_recipe
from realesr.degradations.steps import (
    RandomBlur,
    RandomJpeg,
    RandomNoise,
    RandomResize,
    Step,
)

__all__ = [
    "Banding",
    "Blur",
    "Chain",
    "ChromaSubsampling",
    "Defocus",
    "Draw",
    "FilmGrain",
    "GaussianNoise",
    "Jpeg",
    "MotionBlur",
    "OneOf",
    "Operation",
    "Oversharpen",
    "PoissonNoise",
    "RandomBlur",
    "RandomJpeg",
    "RandomNoise",
    "RandomResize",
    "Recipe",
    "Resize",
    "Round",
    "SensorNoise",
    "Shuffle",
    "Sinc",
    "Sometimes",
    "Step",
    "Trace",
    "UnsharpMask",
    "Vignette",
    "WebP",
    "load_recipe",
    "presets",
    "recipe_schema",
    "save_recipe",
]
