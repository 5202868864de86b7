"""Other engines for the same network, where they are installed, to be compared with."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn

Run = Callable[[], object]


def openvino(network: nn.Module, image: torch.Tensor) -> Run | None:
    """OpenVINO in bf16 on the CPU, one picture at a time."""
    if importlib.util.find_spec("openvino") is None:
        return None
    import openvino as engine  # type: ignore[import-not-found]

    model = engine.convert_model(network, example_input=image)
    model.reshape(list(image.shape))
    compiled = engine.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "bf16"})
    array = image.numpy()
    return lambda: compiled(array)


def onnxruntime(network: nn.Module, image: torch.Tensor) -> Run | None:
    """ONNX Runtime in fp32, its CPU default."""
    if any(importlib.util.find_spec(name) is None for name in ("onnxruntime", "onnxscript")):
        return None
    import onnxruntime as engine  # type: ignore[import-not-found]
    import torch

    stream = io.BytesIO()
    program: Any = torch.onnx.export(network, (image,), dynamo=True)
    program.save(stream)
    session = engine.InferenceSession(stream.getvalue(), providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: image.numpy()}
    return lambda: session.run(None, feed)


PEERS: dict[str, Callable[[nn.Module, torch.Tensor], Run | None]] = {
    "OpenVINO bf16": openvino,
    "ONNX Runtime fp32": onnxruntime,
}
