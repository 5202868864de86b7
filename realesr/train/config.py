"""What a training run is, as one TOML file: every number with its range, its unit and its help.

::

    name = "photos"
    output = "runs/photos"
    steps = 20_000
    batch_size = 16

    [data]
    pictures = ["pictures/train"]

    [gan]                # leave this table out for the RealESRNet stage

Paths are relative to the folder the command is run in. All mistakes of a file are named at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from realesr.degradations.spans import Checked, Span
from realesr.models.catalogue import ModelSpec
from realesr.models.detection import ARGUMENTS

MANY = 10**9
SCALES = {"rrdbnet": (1, 2, 4, 8), "srresnet": (2, 3, 4)}


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(Checked):
    """The generator; an argument left out has the network's own default."""

    architecture: Annotated[Literal["compact", "rrdbnet", "srcnn", "srresnet"], "which network"] = (
        "compact"
    )
    features: Annotated[int | None, Span(1, 512, help="channels inside")] = None
    convolutions: Annotated[int | None, Span(0, 128, help="inner convolutions of compact")] = None
    activation: Annotated[
        Literal["prelu", "relu", "leakyrelu"] | None, "between the convolutions of compact"
    ] = None
    blocks: Annotated[int | None, Span(1, 128, help="blocks of rrdbnet and srresnet")] = None
    growth: Annotated[int | None, Span(1, 256, help="growth channels of rrdbnet")] = None
    mappings: Annotated[int | None, Span(1, 256, help="channels of srcnn's second layer")] = None

    def arguments(self) -> dict[str, int | str]:
        """What the constructor is given, without the scale."""
        given = dataclasses.asdict(self)
        return {name: value for name, value in given.items() if value is not None} | {
            "architecture": self.architecture
        }

    def spec(self, name: str, scale: int) -> ModelSpec:
        """The network as ``build_network`` takes it."""
        arguments = self.arguments()
        architecture = str(arguments.pop("architecture"))
        return ModelSpec(name, architecture, {"scale": scale, **arguments}, scale, source="")

    def contradictions(self) -> Iterator[str]:
        """An argument that this architecture does not have."""
        known = ARGUMENTS[self.architecture]
        for name in self.arguments():
            if name != "architecture" and name not in known:
                yield f"{self.architecture} has no {name}; it has {', '.join(known)}."


@dataclass(frozen=True, kw_only=True)
class StartConfig(Checked):
    """Weights to start from: a model's name, a file, a folder, or nothing for random ones."""

    generator: Annotated[str, "weights of the generator"] = ""
    discriminator: Annotated[str, "weights of the discriminator"] = ""


@dataclass(frozen=True, kw_only=True)
class DataConfig(Checked):
    """The pictures, and how they are degraded."""

    pictures: Annotated[tuple[str, ...], "folders, parquet files, data sets, or samples"]
    lr: Annotated[tuple[str, ...], "low-resolution partners, where they exist already"] = ()
    held_out: Annotated[tuple[str, ...], "pictures for previews and validation alone"] = ()
    held_out_lr: Annotated[tuple[str, ...], "their low-resolution partners"] = ()
    recipe: Annotated[str, "a preset of docs/degradations.md, or a recipe file"] = "real_esrgan"
    stored: Annotated[
        int, Span(0, 10_000, help="draws kept for each picture; 0 degrades anew each time")
    ] = 0
    crop: Annotated[int, Span(8, 8192, unit="px", help="side of what is degraded")] = 400
    patch: Annotated[int, Span(8, 8192, unit="px", help="side of what is learned from")] = 256
    turn: Annotated[bool, "quarter turns beside mirroring"] = True
    workers: Annotated[int, Span(0, 256, help="processes that prepare pictures")] = 0

    def contradictions(self) -> Iterator[str]:
        """Lists of something else than text; no pictures; a patch larger than its crop."""
        for name in ("pictures", "lr", "held_out", "held_out_lr"):
            if not all(isinstance(each, str) for each in getattr(self, name)):
                yield f"{name} must be a list of texts."
        if not self.pictures:
            yield 'pictures is empty; name a folder, as in pictures = ["photos"].'
        if self.patch > self.crop:
            yield f"patch {self.patch} is larger than crop {self.crop}."
        if self.lr and len(self.lr) != len(self.pictures):
            yield "lr must name as many sources as pictures."
        if self.lr and len(self.held_out_lr) != len(self.held_out):
            yield "held_out_lr must name as many sources as held_out."


@dataclass(frozen=True, kw_only=True)
class OptimiserConfig(Checked):
    """Adam and its learning rate over time."""

    learning_rate: Annotated[float, Span(0, 1, help="of the generator")] = 2e-4
    betas: Annotated[tuple[float, float], "Adam's memory of gradients and their squares"] = (
        0.9,
        0.99,
    )
    schedule: Annotated[Literal["constant", "steps", "cosine"], "of both learning rates"] = (
        "constant"
    )
    warmup: Annotated[int, Span(0, MANY, unit="steps", help="rise from 0")] = 0
    milestones: Annotated[tuple[int, ...], "where `steps` lowers the rate"] = (MANY,)
    factor: Annotated[float, Span(0, 1, help="of the rate that is left at each milestone")] = 0.5
    clip: Annotated[float, Span(0, 1e6, help="largest gradient norm; 0 does not clip")] = 0.0

    def contradictions(self) -> Iterator[str]:
        """Betas that Adam does not take."""
        if not all(0 <= beta < 1 for beta in self.betas):
            yield f"betas must be below 1, got {self.betas[0]:g} and {self.betas[1]:g}."


@dataclass(frozen=True, kw_only=True)
class LossConfig(Checked):
    """What the generator is told apart from the discriminator's opinion."""

    pixel: Annotated[Literal["l1", "charbonnier", "mse"], "distance of pixels"] = "l1"
    pixel_weight: Annotated[float, Span(0, 1000, help="the pixel distance's share")] = 1.0
    perceptual: Annotated[
        Literal["none", "vgg19", "squeezenet", "lpips"], "distance of a network's features"
    ] = "none"
    perceptual_weight: Annotated[float, Span(0, 1000, help="the perceptual distance's share")] = 1.0
    perceptual_weights: Annotated[str, "that network's file; looked for when empty"] = ""
    artifact_weight: Annotated[float, Span(0, 1000, help="LDL; needs gan")] = 0.0
    structure_weight: Annotated[float, Span(0, 1000, help="share of what SSIM misses")] = 0.0
    frequency_weight: Annotated[float, Span(0, 1000, help="share of the distance of spectra")] = 0.0


@dataclass(frozen=True, kw_only=True)
class GanConfig(Checked):
    """The discriminator and its share."""

    kind: Annotated[Literal["vanilla", "lsgan", "hinge"], "adversarial loss"] = "vanilla"
    weight: Annotated[float, Span(0, 1000, help="of its opinion in the generator's loss")] = 0.1
    features: Annotated[int, Span(1, 512, help="channels at full size")] = 64
    learning_rate: Annotated[float, Span(0, 1, help="of the discriminator")] = 1e-4
    start_step: Annotated[
        int, Span(0, MANY, unit="steps", help="the discriminator alone learns until then")
    ] = 0


@dataclass(frozen=True, kw_only=True)
class Sharpen(Checked):
    """Where the unsharp mask is used: what is degraded, and what each loss compares with.

    The defaults are RealESRNet's and RealESRGAN's own (section 3.4).
    """

    input: Annotated[bool, "degrade the sharpened picture"] = True
    pixel: Annotated[bool, "pixel loss against the sharpened picture"] = True
    perceptual: Annotated[bool, "perceptual loss against the sharpened picture"] = True
    adversarial: Annotated[bool, "the discriminator is shown sharpened pictures"] = False

    def any(self) -> bool:
        """Whether sharpened pictures are needed at all."""
        return self.input or self.targets()

    def targets(self) -> bool:
        """Whether a loss compares with sharpened pictures."""
        return self.pixel or self.perceptual or self.adversarial


@dataclass(frozen=True, kw_only=True)
class EngineConfig(Checked):
    """How the arithmetic is done."""

    precision: Annotated[
        Literal["auto", "fp32", "bf16", "fp16"], "of the arithmetic; weights stay fp32"
    ] = "auto"
    accumulate: Annotated[int, Span(1, 4096, help="passes that make one step")] = 1
    gradient_checkpointing: Annotated[bool, "less memory, but passes are computed twice"] = False
    compile: Annotated[bool, "torch.compile the generator"] = False


@dataclass(frozen=True, kw_only=True)
class SaveConfig(Checked):
    """When the state is written."""

    every: Annotated[int, Span(1, MANY, unit="steps", help="between two states")] = 1000
    keep: Annotated[int, Span(2, 10_000, help="newest states that stay")] = 2


@dataclass(frozen=True, kw_only=True)
class WatchConfig(Checked):
    """What a person sees meanwhile; 0 never."""

    log_every: Annotated[int, Span(1, MANY, unit="steps", help="between two lines of metrics")] = (
        100
    )
    preview_every: Annotated[int, Span(0, MANY, unit="steps", help="between previews")] = 1000
    validate_every: Annotated[int, Span(0, MANY, unit="steps", help="between validations")] = 1000
    pictures: Annotated[int, Span(1, 64, help="pictures in previews and validation")] = 8
    tensorboard: Annotated[bool, "write TensorBoard files too"] = True


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Checked):
    """One training run. ``gan`` absent is the RealESRNet stage, present the RealESRGAN stage.

    Raises:
        ConfigError: E404 from the readers in ``realesr.train.config_files``, all mistakes at once.
        ParameterError: E004 when made in Python with a value that does not fit.
    """

    name: Annotated[str, "what the model will be called"]
    output: Annotated[str, "folder of the run"]
    steps: Annotated[int, Span(1, MANY, help="when the run is finished")]
    batch_size: Annotated[int, Span(1, 4096, help="pictures a step, of all processes together")]
    data: DataConfig
    seed: Annotated[int, Span(0, 2**53, help="everything random follows from it")] = 0
    scale: Annotated[int, Span(1, 8, help="enlargement factor")] = 4
    network: NetworkConfig = field(default_factory=NetworkConfig)
    start: StartConfig = field(default_factory=StartConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    gan: GanConfig | None = None
    sharpen: Sharpen = field(default_factory=Sharpen)
    ema: Annotated[float, Span(0, 0.999999, help="decay of the averaged weights")] = 0.999
    engine: EngineConfig = field(default_factory=EngineConfig)
    save: SaveConfig = field(default_factory=SaveConfig)
    watch: WatchConfig = field(default_factory=WatchConfig)

    def contradictions(self) -> Iterator[str]:
        """What does not fit together across tables."""
        if self.data.crop % self.scale or self.data.patch % self.scale:
            yield (
                f"data.crop {self.data.crop} and data.patch {self.data.patch} must be multiples "
                f"of the scale {self.scale}."
            )
        if self.gan and self.data.patch % 8:
            yield f"data.patch {self.data.patch} must be a multiple of 8 for the discriminator."
        if self.start.discriminator and not self.gan:
            yield "start.discriminator needs a [gan] table."
        if self.losses.artifact_weight and not self.gan:
            yield "losses.artifact_weight needs a [gan] table."
        scales = SCALES.get(self.network.architecture)
        if scales and self.scale not in scales:
            yield f"{self.network.architecture} has the scales {scales}, not {self.scale}."
        if self.data.lr and self.data.recipe != DataConfig.recipe:
            yield "data.recipe degrades pictures; with data.lr that is done already."
        if self.batch_size % self.engine.accumulate:
            yield (
                f"batch_size {self.batch_size} must be a multiple of "
                f"engine.accumulate {self.engine.accumulate}."
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as TOML and JSON have them; what is None is left out."""
        return _plain(dataclasses.asdict(self))

    def lasting(self) -> dict[str, Any]:
        """What may not change between two starts of one run, because it changes what is learned.

        How often to save and look, where to, the number of worker processes, and (without a
        cosine) the number of steps may.
        """
        said = self.as_dict()
        for name in ("name", "output", "save", "watch"):
            said.pop(name)
        if self.optimiser.schedule != "cosine":
            said.pop("steps")
        # Which pictures they are is compared by what they hold, not by what they are called.
        for name in ("pictures", "lr", "held_out", "held_out_lr", "workers"):
            said["data"].pop(name)
        said["engine"].pop("gradient_checkpointing")
        said.pop("start")
        return said


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            plain[name] = _plain(value)
        elif isinstance(value, tuple):
            plain[name] = list(value)
        elif value is not None:
            plain[name] = value
    return plain
