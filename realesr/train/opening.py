"""From a configuration to the data of its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from realesr.degradations import Recipe, UnsharpMask, load_recipe, presets
from realesr.errors import ConfigError
from realesr.train.config import TrainConfig
from realesr.train.data import DegradedPairs
from realesr.train.feeding import Order
from realesr.train.paired import PairedPictures, open_paired
from realesr.train.pairs import Pairs
from realesr.train.pictures import Chosen, Pictures, digest, without
from realesr.train.sources import open_sources
from realesr.train.storing import store_pairs


@dataclass(frozen=True)
class TrainingData:
    """What a training learns from.

    Attributes:
        pairs: The pairs, by (epoch, index).
        order: Which comes when.
        pictures: The pictures they are made from; ``pictures.name(index)`` is for sentences.
        fingerprints: Of the pictures and of the recipe: another text when they are others.
    """

    pairs: Pairs
    order: Order
    pictures: Pictures
    fingerprints: dict[str, str]


def open_data(
    config: TrainConfig, progress: Callable[[int, int], None] | None = None
) -> TrainingData:
    """The data of a configuration; its stored pairs are made first, where it wants some.

    Pictures that are held out are never learned from, though their folder is named too. Of several
    processes one calls this first, and the others when it is done.

    Args:
        config: The configuration.
        progress: Called with the pictures that are stored and all of them.

    Raises:
        ConfigError: E404 for a source or recipe that is not there or does not fit, and for stored
            pairs that were made from something else.
        PictureError: E1xx for a picture that cannot be read, E403 for one without a partner.
        ResourceError: E302 when the disk is full.
    """
    data = config.data
    made = _paired(config) if data.lr else _degraded(config)
    pairs: Pairs = made
    if data.stored:
        folder = Path(config.output) / "pairs"
        pairs = store_pairs(made, folder, data.stored, workers=data.workers, progress=progress)
    pictures = made.hr if isinstance(made, PairedPictures) else made.pictures
    fingerprints = {"pictures": made.fingerprint()}
    if isinstance(made, DegradedPairs):
        fingerprints["recipe"] = digest([made.recipe.to_dict()])
    return TrainingData(pairs, Order(pairs, config.seed), pictures, fingerprints)


def _degraded(config: TrainConfig) -> DegradedPairs:
    data = config.data
    pictures = open_sources(data.pictures)
    return DegradedPairs(
        _chosen(pictures, _learned(config, pictures)),
        open_recipe(data.recipe, config.scale),
        seed=config.seed,
        crop=data.crop,
        patch=data.patch,
        turn=data.turn,
        sharpen=UnsharpMask() if config.sharpen.any() else None,
        sharpen_input=config.sharpen.input,
    )


def _paired(config: TrainConfig) -> PairedPictures:
    data = config.data
    hr, lr = open_paired(data.pictures, data.lr)
    learned = _learned(config, hr)
    return PairedPictures(
        _chosen(hr, learned),
        _chosen(lr, learned),
        scale=config.scale,
        seed=config.seed,
        patch=data.patch,
        turn=data.turn,
        sharpen=UnsharpMask() if config.sharpen.targets() else None,
    )


def _learned(config: TrainConfig, pictures: Pictures) -> list[int] | None:
    """The pictures that are not held out; None for all of them."""
    if not config.data.held_out:
        return None
    left = without(pictures, open_sources(config.data.held_out))
    return left if len(left) < len(pictures) else None


def _chosen(pictures: Pictures, indices: list[int] | None) -> Pictures:
    return pictures if indices is None else Chosen(pictures, indices)


def open_recipe(name: str, scale: int) -> Recipe:
    """A preset by its name, or a recipe file, for this scale.

    Raises:
        ConfigError: E404 for an unknown name, a file that does not add up, or another scale.
    """
    if Path(name).suffix.lower() not in (".json", ".toml"):
        return presets.preset(name, scale)
    recipe = load_recipe(name)
    if recipe.scale != scale:
        raise ConfigError("E404", f"{name} is for scale {recipe.scale}, not {scale}.")
    return recipe
