"""From a name to a frozen feature network with its weights: found, checked or fetched.

Two trainings of SqueezeNet 1.1 are about. torchvision's expects RGB as this project feeds it; the
authors' own (DeepScale, for Caffe) expects blue first, 0 to 255, less a mean. ``_from_caffe``
rewrites the latter exactly, because fed with the wrong numbers a network still answers, only worse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from realesr.downloads import cached_path, fetch
from realesr.errors import ModelError, ParameterError
from realesr.models.locating import find_local, locate
from realesr.models.storage import printable
from realesr.models.weightfiles import WeightsFile, describe_stranger, open_weights

if TYPE_CHECKING:
    import torch

    from realesr.models.feature_networks import FeatureNetwork

Tensors = dict[str, NDArray[np.float32]]

_CAFFE_MEAN = (123.0, 117.0, 104.0)  # red, green, blue, of 255
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Published:
    """Weights that somebody published.

    Attributes:
        names: What the file is called in a folder of ``REALESR_WEIGHTS``, best first.
        url: Where it is fetched from.
        sha256: Of the file at that address.
        size: Its length in bytes.
    """

    names: tuple[str, ...]
    url: str
    sha256: str
    size: int

    def find(self) -> Path | None:
        """The file where this machine has it, without fetching anything."""
        found = (find_local(name) for name in self.names)
        return next(filter(None, found), None) or cached_path(self.url)

    def obtain(self, given: str | Path | None = None) -> Path:
        """The file: the one given, the one on this machine, or the published one.

        Raises:
            ModelError: E209 for a file that is not there, E210 for a folder without weights.
            NetworkError: E604 offline, E605 when the download failed.
        """
        if given:
            return locate(given).path or Path(given)
        return self.find() or fetch(self.url, sha256=self.sha256, size=self.size)


PUBLISHED = {
    "vgg19": Published(
        ("vgg19-dcbb9e9d", "vgg19"),
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        574_673_361,
    ),
    "squeezenet": Published(
        ("squeezenet1_1-b8a52dc0", "squeezenet1_1", "squeezenet1_1-imagenet-features"),
        "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
        "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
        4_958_839,
    ),
    "lpips-squeeze": Published(
        ("lpips-lin-v0.1-squeeze", "squeeze"),
        "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/"
        "lpips/weights/v0.1/squeeze.pth",
        "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
        10_811,
    ),
}


def load_backbone(kind: str, weights: str | Path | None = None) -> FeatureNetwork:
    """A feature network, frozen, in float32 on the CPU.

    Args:
        kind: ``"vgg19"`` or ``"squeezenet"``.
        weights: A file or folder; when None the folders of ``REALESR_WEIGHTS`` are searched, then
            the published file is fetched.

    Raises:
        ParameterError: E001 for another kind.
        ModelError: E205 for weights of another network, E209 for a file that is not there.
        NetworkError: E604 offline, E605 when the download failed.
    """
    import torch

    from realesr.models.feature_networks import VGG19, SqueezeNet

    networks: dict[str, type[VGG19 | SqueezeNet]] = {"vgg19": VGG19, "squeezenet": SqueezeNet}
    if kind not in networks:
        raise ParameterError(
            "E001", f"there is no feature network {kind!r}.", f"Use {' or '.join(networks)}."
        )
    file = open_weights(PUBLISHED[kind].obtain(weights))
    network = networks[kind]()
    tensors = read_some(
        file, {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}, kind
    )
    if is_from_caffe(file):
        tensors, network.trained_by = _from_caffe(tensors), "DeepScale"
    network.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    return network


def load_linear(weights: str | Path | None = None) -> list[torch.Tensor]:
    """How much each channel of SqueezeNet's stations counts in LPIPS: 1 x C x 1 x 1 each.

    Raises:
        ModelError: E205 for another file, E209 for one that is not there.
        NetworkError: E604 offline, E605 when the download failed.
    """
    import torch

    file = open_weights(PUBLISHED["lpips-squeeze"].obtain(weights))
    shapes: dict[str, tuple[int, ...]] = {
        f"lin{index}.model.1.weight": (1, channels, 1, 1)
        for index, channels in enumerate((64, 128, 256, 384, 384, 512, 512))
    }
    tensors = read_some(file, shapes, "the linear layers of LPIPS")
    return [torch.from_numpy(tensors[name]) for name in shapes]


def read_some(file: WeightsFile, shapes: dict[str, tuple[int, ...]], what: str) -> Tensors:
    """The named tensors of a file and no others: of VGG19's 575 MB the classifier is 495.

    Raises:
        ModelError: E205 when one is missing or of another shape.
    """
    for name, shape in shapes.items():
        if file.shapes.get(name) != shape:
            raise ModelError(
                "E205",
                f"{printable(file.path.name)} is not {what}: {describe_stranger(file.shapes)}.",
                "Choose torchvision's file, or a safetensors file with the same names.",
            )
    chosen = replace(file, stored={name: file.stored[name] for name in shapes})
    return chosen.read().tensors


def is_from_caffe(file: WeightsFile) -> bool:
    """Whether a file says that its network expects blue first, 0 to 255, less a mean."""
    return "caffe" in file.metadata.get("preprocess", "").lower()


def _from_caffe(tensors: Tensors) -> Tensors:
    """The same network for torchvision's input, with features in torchvision's range.

    With x the picture, Caffe's first layer sees 255 x - mean. Written in terms of torchvision's
    (x - m) / d, that is a factor on the weights of each colour and a shift of the bias. Dividing
    every bias by 255 d as well divides every feature by it, as all layers scale with their input;
    d is the mean of the three deviations.
    """
    unit = 255 * float(np.mean(_DEVIATION))
    changed = {
        name: (array / unit).astype(np.float32) if name.endswith("bias") else array
        for name, array in tensors.items()
    }
    first = tensors["features.0.weight"][:, ::-1].astype(np.float64) / unit
    colour = (None, slice(None), None, None)
    shift = 255 * np.asarray(_MEAN) - np.asarray(_CAFFE_MEAN)
    changed["features.0.weight"] = (first * 255 * np.asarray(_DEVIATION)[colour]).astype(np.float32)
    bias = tensors["features.0.bias"] / unit + (first * shift[colour]).sum((1, 2, 3))
    changed["features.0.bias"] = bias.astype(np.float32)
    return changed
