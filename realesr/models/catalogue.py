"""The known models, as one literal table: what each is, where it lies, who may use it.

Nothing here needs torch: ``realesr models list`` answers at once.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from realesr.errors import ModelError
from realesr.models.spec import BUILT_IN, BUNDLED, ModelSpec, Training

__all__ = [
    "BUILT_IN",
    "BUNDLED",
    "DEFAULT_MODEL",
    "ModelSpec",
    "Training",
    "find_model",
    "known_models",
]

DEFAULT_MODEL = "lab-x4"
_RELEASES = "https://github.com/xinntao/Real-ESRGAN/releases/download"
_PAPER = "Wang et al., Real-ESRGAN, ICCV Workshops 2021 (arXiv:2107.10833)"
_ESRGAN = "Wang et al., ESRGAN, ECCV Workshops 2018 (arXiv:1809.00219)"


@dataclass(frozen=True)
class _Official:
    """A row of the table of official models, before the constants all of them share."""

    release: str
    file: str
    radius: int
    description: str
    scale: int = 4
    size: int | None = None
    sha256: str | None = None
    paper: str = _PAPER
    partner: str | None = None
    training: Training = "adversarial"
    shape: dict[str, int] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        """Which network the arguments in ``shape`` belong to."""
        if self.file.endswith("_netD.pth"):
            return "unet_discriminator"
        return "compact" if "convolutions" in self.shape else "rrdbnet"

    def spec(self) -> ModelSpec:
        """The row as a spec."""
        folds = {"compact": 1, "rrdbnet": 4 // self.scale, "unet_discriminator": 8}
        scaled = {} if self.architecture == "unet_discriminator" else {"scale": self.scale}
        return ModelSpec(
            name=self.file.removesuffix(".pth").removesuffix("-ff704c30"),
            architecture=self.architecture,
            arguments={**scaled, "features": 64, **self.shape},
            scale=self.scale,
            source=f"{_RELEASES}/{self.release}/{self.file}",
            licence="BSD-3-Clause",
            description=self.description,
            paper=self.paper,
            sha256=self.sha256,
            size=self.size,
            multiple_of=folds[self.architecture],
            radius=self.radius,
            blend_with=self.partner,
            training=self.training,
        )


_OURS = (
    ModelSpec(
        name="lab-x4",
        architecture="compact",
        arguments={"scale": 4, "features": 64, "convolutions": 16},
        scale=4,
        source=str(BUNDLED / "lab-x4.safetensors"),
        licence="BSD-3-Clause",
        description="Bundled. Crisp: removes JPEG blocks and noise, draws detail that looks real.",
        paper=_PAPER,
        sha256="64dd00ba69551fab52a333f3f0578388e12da11e0b6838cad7c7ac8766992cf3",
        size=1_247_328,
        radius=18,
        blend_with="lab-x4-fidelity",
        training="adversarial",
    ),
    ModelSpec(
        name="lab-x4-fidelity",
        architecture="compact",
        arguments={"scale": 4, "features": 64, "convolutions": 16},
        scale=4,
        source=str(BUNDLED / "lab-x4-fidelity.safetensors"),
        licence="BSD-3-Clause",
        description="Bundled. Faithful: removes JPEG blocks and noise, invents hardly anything.",
        paper=_PAPER,
        sha256="059f0c5a634a53506ccd68786e4355ddf220a18ef1ccbcccefe6e9b178b21367",
        size=1_247_328,
        radius=18,
        training="faithful",
    ),
    ModelSpec(
        name="srcnn-x4",
        architecture="srcnn",
        arguments={"scale": 4},
        scale=4,
        source=str(BUNDLED / "srcnn-x4.safetensors"),
        licence="BSD-3-Clause",
        description="Bundled. The network of 2014, for the history lesson.",
        paper="Dong et al., Image Super-Resolution Using Deep Convolutional Networks, TPAMI 2016",
        sha256="3d28e2603e45a5ed5c8b70118b4884e2381236aec6e5ca95206efa6dac19366e",
        size=40_942,
        radius=3,
        training="faithful",
    ),
    ModelSpec(
        name="lab-x4-discriminator",
        architecture="unet_discriminator",
        arguments={"features": 32},
        scale=4,
        source=str(BUNDLED / "lab-x4-discriminator.safetensors"),
        licence="BSD-3-Clause",
        description="Bundled. The judge that lab-x4 was trained with, for fine-tuning.",
        paper=_PAPER,
        sha256="b163c923190b2bc35fa88dd2125d0bf283c2a49058878f84f9d5b17af9db8bca",
        size=2_210_050,
        multiple_of=8,
    ),
)

_OFFICIAL = (
    _Official(
        "v0.2.5.0",
        "realesr-general-x4v3.pth",
        34,
        "Photographs; quick. Blends with its -wdn partner to set how much noise goes.",
        size=4_885_111,
        sha256="8dc7edb9ac80ccdc30c3a5dca6616509367f05fbc184ad95b731f05bece96292",
        partner="realesr-general-wdn-x4v3",
        shape={"convolutions": 32},
    ),
    _Official(
        "v0.2.5.0",
        "realesr-general-wdn-x4v3.pth",
        34,
        "Photographs; keeps noise and grain (weak denoising).",
        size=4_885_111,
        sha256="1641f8c4464b9f097c9fdda5589273713f67cf59f3d909e0bd688f0cee269dca",
        partner="realesr-general-x4v3",
        shape={"convolutions": 32},
    ),
    _Official(
        "v0.2.5.0",
        "realesr-animevideov3.pth",
        18,
        "Frames of anime video; the quickest official model.",
        size=2_504_012,
        sha256="b8a8376811077954d82ca3fcf476f1ac3da3e8a68a4f4d71363008000a18b75d",
        shape={"convolutions": 16},
    ),
    _Official(
        "v0.2.3.0",
        "RealESRGANv2-animevideo-xsx4.pth",
        18,
        "Frames of anime video; the older small model.",
        size=2_502_086,
        sha256="5e04b111c16d5b40deb8f8062d09fdff72fa80281fb9607be23b62650c08daff",
        shape={"convolutions": 16},
    ),
    _Official(
        "v0.2.3.0",
        "RealESRGANv2-animevideo-xsx2.pth",
        18,
        "Frames of anime video, twice the side.",
        scale=2,
        size=2_419_014,
        sha256="27985aa2198711ecd72f9bb274ec7b164e018fc9ce2933daaa7c7ab36a2bd3fe",
        shape={"convolutions": 16},
    ),
    _Official(
        "v0.1.0",
        "RealESRGAN_x4plus.pth",
        349,
        "Photographs; the full model of the paper. Slow on a CPU.",
        size=67_040_989,
        sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
        shape={"blocks": 23, "growth": 32},
    ),
    _Official(
        "v0.2.1",
        "RealESRGAN_x2plus.pth",
        698,
        "Photographs, twice the side. Slow on a CPU.",
        scale=2,
        size=67_061_725,
        sha256="49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb",
        shape={"blocks": 23, "growth": 32},
    ),
    _Official(
        "v0.2.2.4",
        "RealESRGAN_x4plus_anime_6B.pth",
        94,
        "Drawings and anime pictures.",
        size=17_938_799,
        sha256="f872d837d3c90ed2e05227bed711af5671a6fd1c9f7d7e91c911a61f155e99da",
        shape={"blocks": 6, "growth": 32},
    ),
    _Official(
        "v0.1.1",
        "RealESRNet_x4plus.pth",
        349,
        "Photographs; faithful and soft: the stage before adversarial training.",
        training="faithful",
        shape={"blocks": 23, "growth": 32},
    ),
    _Official(
        "v0.1.1",
        "ESRGAN_SRx4_DF2KOST_official-ff704c30.pth",
        349,
        "Clean pictures shrunk by bicubic only; where Real-ESRGAN's training starts.",
        paper=_ESRGAN,
        shape={"blocks": 23, "growth": 32},
    ),
    _Official(
        "v0.2.2.3",
        "RealESRGAN_x4plus_netD.pth",
        0,
        "Judge for training, not an upscaler: the discriminator of RealESRGAN_x4plus.",
    ),
    _Official(
        "v0.2.2.3",
        "RealESRGAN_x2plus_netD.pth",
        0,
        "Judge for training, not an upscaler: the discriminator of RealESRGAN_x2plus.",
        scale=2,
    ),
    _Official(
        "v0.2.2.4",
        "RealESRGAN_x4plus_anime_6B_netD.pth",
        0,
        "Judge for training, not an upscaler: the discriminator of the anime model.",
    ),
)

_RESAMPLERS = (
    ("nearest", 0, "Repeats pixels; shows what the input really holds."),
    ("bilinear", 1, "Blends the two nearest pixels of a row and a column; soft."),
    ("bicubic", 2, "As PyTorch and OpenCV have it (a = -0.75); what models are measured against."),
    ("lanczos", 3, "Three lobes, as Pillow has it; the sharpest of the plain filters."),
)


def _resampler(kind: str, radius: int, description: str) -> ModelSpec:
    return ModelSpec(
        name=kind,
        architecture="resampler",
        arguments={"kind": kind, "scale": 4},
        scale=4,
        source=BUILT_IN,
        licence="BSD-3-Clause",
        description=f"Plain filter, no network. {description}",
        radius=radius,
        training="none",
    )


def known_models() -> tuple[ModelSpec, ...]:
    """Every model of the table: ours, the official ones, then the plain filters to beat."""
    official = tuple(row.spec() for row in _OFFICIAL)
    return _OURS + official + tuple(_resampler(*row) for row in _RESAMPLERS)


def find_model(name: str) -> ModelSpec:
    """The model of that name.

    Raises:
        ModelError: E208, naming the nearest known one.

    >>> find_model("lab-x4").scale
    4
    """
    table = {spec.name: spec for spec in known_models()}
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise ModelError(
        "E208",
        f"no model or weights file is called {name!r}.",
        f"{hint}`realesr models list` shows the known ones.",
    )
