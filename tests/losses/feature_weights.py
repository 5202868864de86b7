"""Random weights in torchvision's layout, and straight-line computations with them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

VGG19_CONVOLUTIONS = {
    0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128),
    10: (128, 256), 12: (256, 256), 14: (256, 256), 16: (256, 256),
    19: (256, 512), 21: (512, 512), 23: (512, 512), 25: (512, 512),
    28: (512, 512), 30: (512, 512), 32: (512, 512), 34: (512, 512),
}  # fmt: skip
FIRES = {
    3: (64, 16, 64), 4: (128, 16, 64), 6: (128, 32, 128), 7: (256, 32, 128),
    9: (256, 48, 192), 10: (384, 48, 192), 11: (384, 64, 256), 12: (512, 64, 256),
}  # fmt: skip
LINEAR = (64, 128, 256, 384, 384, 512, 512)


def drawn(shapes: dict[str, tuple[int, ...]], seed: int = 0) -> dict[str, Tensor]:
    """Weights that neither grow nor shrink what passes, by parameter name."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes.items():
        spread = 0.1 if name.endswith("bias") else (2 / np.prod(shape[1:])) ** 0.5
        values = random.standard_normal(shape, dtype=np.float32) * np.float32(spread)
        tensors[name] = torch.from_numpy(values)
    return tensors


def vgg19_weights(seed: int = 0) -> dict[str, Tensor]:
    """VGG19's, with two small stand-ins for the classifier that torchvision's file has too."""
    shapes: dict[str, tuple[int, ...]] = {}
    for index, (before, after) in VGG19_CONVOLUTIONS.items():
        shapes[f"features.{index}.weight"] = (after, before, 3, 3)
        shapes[f"features.{index}.bias"] = (after,)
    shapes["classifier.0.weight"], shapes["classifier.0.bias"] = (2, 4), (2,)
    return drawn(shapes, seed)


def squeezenet_weights(seed: int = 0) -> dict[str, Tensor]:
    """SqueezeNet 1.1's."""
    shapes: dict[str, tuple[int, ...]] = {
        "features.0.weight": (64, 3, 3, 3),
        "features.0.bias": (64,),
    }
    for index, (before, squeezed, expanded) in FIRES.items():
        for part, shape in [
            ("squeeze1x1", (squeezed, before, 1, 1)),
            ("expand1x1", (expanded, squeezed, 1, 1)),
            ("expand3x3", (expanded, squeezed, 3, 3)),
        ]:
            shapes[f"features.{index}.{part}.weight"] = shape
            shapes[f"features.{index}.{part}.bias"] = shape[:1]
    return drawn(shapes, seed)


def linear_weights(seed: int = 0) -> dict[str, Tensor]:
    """LPIPS's linear layers: not below 0."""
    shapes = {f"lin{i}.model.1.weight": (1, width, 1, 1) for i, width in enumerate(LINEAR)}
    return {name: tensor.abs() for name, tensor in drawn(shapes, seed).items()}


def normalised(image: Tensor) -> Tensor:
    """As torchvision's networks want it."""
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    return (image - mean) / torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def for_caffe(image: Tensor) -> Tensor:
    """As Caffe's networks want it: blue, green, red; 0 to 255, less a mean."""
    blue_first = 255 * torch.stack([image[:, 2], image[:, 1], image[:, 0]], dim=1)
    return blue_first - torch.tensor([104.0, 117.0, 123.0])[:, None, None]


def vgg19_by_hand(weights: dict[str, Tensor], image: Tensor) -> dict[str, Tensor]:
    """The paper's five layers before their activation, in the paper's names."""
    w, x = weights, normalised(image)

    def conv(x: Tensor, index: int) -> Tensor:
        return F.conv2d(x, w[f"features.{index}.weight"], w[f"features.{index}.bias"], padding=1)

    seen = {}
    x = F.relu(conv(x, 0))
    seen["conv1_2"] = conv(x, 2)
    x = F.max_pool2d(F.relu(seen["conv1_2"]), 2)
    x = F.relu(conv(x, 5))
    seen["conv2_2"] = conv(x, 7)
    x = F.max_pool2d(F.relu(seen["conv2_2"]), 2)
    x = F.relu(conv(F.relu(conv(F.relu(conv(x, 10)), 12)), 14))
    seen["conv3_4"] = conv(x, 16)
    x = F.max_pool2d(F.relu(seen["conv3_4"]), 2)
    x = F.relu(conv(F.relu(conv(F.relu(conv(x, 19)), 21)), 23))
    seen["conv4_4"] = conv(x, 25)
    x = F.max_pool2d(F.relu(seen["conv4_4"]), 2)
    x = F.relu(conv(F.relu(conv(F.relu(conv(x, 28)), 30)), 32))
    seen["conv5_4"] = conv(x, 34)
    return seen


def squeezenet_by_hand(weights: dict[str, Tensor], prepared: Tensor) -> dict[int, Tensor]:
    """Layer 0 and each fire before its activation, from a picture that is already prepared."""
    w = weights
    seen = {0: F.conv2d(prepared, w["features.0.weight"], w["features.0.bias"], stride=2)}
    x = F.relu(seen[0])
    for index in FIRES:
        if index in (3, 6, 9):
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        fire = f"features.{index}"
        s = F.relu(F.conv2d(x, w[f"{fire}.squeeze1x1.weight"], w[f"{fire}.squeeze1x1.bias"]))
        one = F.conv2d(s, w[f"{fire}.expand1x1.weight"], w[f"{fire}.expand1x1.bias"])
        three = F.conv2d(s, w[f"{fire}.expand3x3.weight"], w[f"{fire}.expand3x3.bias"], padding=1)
        seen[index] = torch.cat([one, three], 1)
        x = F.relu(seen[index])
    return seen


def lpips_by_hand(
    linear: dict[str, Tensor], first: dict[int, Tensor], second: dict[int, Tensor]
) -> float:
    """Zhang et al., equation 1, from the features of both pictures before the activation."""
    total = 0.0
    for index, station in enumerate((0, 4, 7, 9, 10, 11, 12)):
        y, z = F.relu(first[station]), F.relu(second[station])
        y = y / (torch.sqrt((y**2).sum(dim=1, keepdim=True)) + 1e-10)
        z = z / (torch.sqrt((z**2).sum(dim=1, keepdim=True)) + 1e-10)
        weighed = F.conv2d((y - z) ** 2, linear[f"lin{index}.model.1.weight"])
        total += weighed.mean().item()
    return total
