"""How fast, how much memory and how exact: each model on this machine, beside plain PyTorch.

Plain means as the reference project runs it on a CPU: float32, the whole picture at once, channels
first. Every case runs in a process of its own, so that one case's memory is not another's.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from realesr.errors import RealesrError, ResourceError
from realesr.quality.peers import PEERS

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Case:
    """One model at one size.

    Attributes:
        model: A name or file.
        side: Side of the square input, in pixels.
        seconds: Median of a whole call with default settings, array to array.
        plain_seconds: Median of a plain pass; None where it was left out.
        peers: Median seconds of other engines, by name.
        exactness: PSNR of the result against the plain one, in dB, in float before rounding; None
            where there is no plain one.
        memory: Peak bytes above the loaded program during our run, input and output included.
        precision: Number type inside the network.
        tiles: Tiles of the run.
    """

    model: str
    side: int
    seconds: float
    plain_seconds: float | None
    peers: dict[str, float]
    exactness: float | None
    memory: int
    precision: str
    tiles: int

    @property
    def ratio(self) -> float | None:
        """How many times as fast as plain PyTorch."""
        return self.plain_seconds / self.seconds if self.plain_seconds else None


def measure(
    models: Sequence[str], sides: Sequence[int], *, repeats: int = 5, plain: bool = True
) -> Iterator[Case]:
    """Measure every model at every side, one after the other.

    Raises:
        ResourceError: E301 when a case does not fit in memory.
    """
    for model in models:
        for side in sides:
            found = _apart("run_case", model, side, repeats, plain)
            # Plain PyTorch has the system's memory as it is, so it runs in a process of its own.
            seconds = _apart("run_plain", model, side, repeats) if plain else None
            yield Case(**found, plain_seconds=seconds)


def _apart(task: str, model: str, side: int, *settings: object) -> Any:
    """What one of this module's tasks gives in a new process.

    Raises:
        ResourceError: E301 when it does not end well.
    """
    request = json.dumps([os.getpid(), task, model, side, *settings])
    command = [sys.executable, "-m", "realesr.quality.bench", request]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ResourceError(
            "E301",
            f"{model} at {side} px could not be measured.",
            "Try a smaller size, or leave plain PyTorch out.",
            tried=done.stderr.strip().rpartition("\n")[2],
        )
    return json.loads(done.stdout)


def median_seconds(action: Callable[[], object], repeats: int) -> float:
    """The median duration of several calls, after one that warms up."""
    action()
    durations = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        durations.append(time.perf_counter() - started)
    return statistics.median(durations)


def run_case(model: str, side: int, repeats: int, peers: bool) -> dict[str, object]:
    """Measure one case in this process: our memory first, then the times; a `Case` but for plain.

    Args:
        model: A name or file.
        side: Of the square input, in pixels.
        repeats: Runs that are timed.
        peers: Whether to compare, with plain numbers and with other engines.
    """
    import numpy as np
    import torch

    from realesr.images import to_tensor
    from realesr.inference.memory import keep_freed_memory
    from realesr.inference.upscaler import Upscaler
    from realesr.models.loading import load_model

    keep_freed_memory()
    loaded = load_model(model, device="cpu")
    upscaler = Upscaler(loaded)
    upscaler(np.zeros((16, 16, 3), np.uint8))
    pixels = _scene(side)
    before = _peak_memory()
    result = upscaler(pixels)
    memory = _peak_memory() - before
    seconds = median_seconds(lambda: upscaler(pixels), repeats)
    assert result.shape[0] == upscaler.output_size(side, side)[0]
    exactness, others = None, {}
    if peers:
        image = to_tensor(pixels)
        with torch.inference_mode():
            reference = loaded.network(image).clamp(0, 1)
        error = (upscaler.upscale_tensor(image).clamp(0, 1) - reference).square().mean()
        exactness = float(-10 * torch.log10(error.clamp_min(1e-16)))
        for name, build in PEERS.items() if side <= _MOST_WHOLE else ():
            if (peer := build(loaded.network, image)) is not None:
                others[name] = median_seconds(peer, repeats)
    return {
        "model": model,
        "side": side,
        "seconds": seconds,
        "peers": others,
        "exactness": exactness,
        "memory": memory,
        "precision": str(upscaler.dtype).removeprefix("torch."),
        "tiles": len(upscaler.plan(side, side)),
    }


def run_plain(model: str, side: int, repeats: int) -> float:
    """Median seconds of a pass as the reference project runs it on a CPU."""
    import torch

    from realesr.images import to_tensor
    from realesr.models.loading import load_model

    network, image = load_model(model, device="cpu").network, to_tensor(_scene(side))
    with torch.inference_mode():
        return median_seconds(lambda: network(image), repeats)


# Other engines take a picture whole: at 1024 pixels Compact-32 asks them for over 20 GB.
_MOST_WHOLE = 512

TASKS: dict[str, Callable[..., object]] = {"run_case": run_case, "run_plain": run_plain}


def _scene(side: int) -> np.ndarray:
    """Waves and edges at every scale, so that no layer is idle: side x side x 3, uint8."""
    import numpy as np

    rows, columns = np.mgrid[:side, :side]
    waves = [np.sin(rows * f / 7) * np.cos(columns * f / 5) for f in (1, 2.3, 0.31)]
    steps = ((rows // 13 + columns // 17) % 2)[..., None] * 0.3
    scene = (np.stack(waves, axis=2) * 0.35 + 0.35 + steps).clip(0, 1)
    pixels: np.ndarray = np.rint(scene * 255).astype(np.uint8)
    return pixels


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def as_table(cases: Sequence[Case]) -> str:
    """The cases as a Markdown table."""
    peers = sorted({name for case in cases for name in case.peers})
    head = ["model", "input", "ours, s", "plain fp32, s", "ratio"]
    head += [f"{name}, s" for name in peers]
    head += ["against fp32, dB", "memory, MB", "precision", "tiles"]
    lines = [head, ["---"] * len(head)]
    for case in cases:
        line = [case.model, f"{case.side}×{case.side}", f"{case.seconds:.3f}"]
        line += [_number(case.plain_seconds, ".3f"), _number(case.ratio, ".1f")]
        line += [_number(case.peers.get(name), ".3f") for name in peers]
        line += [_number(case.exactness, ".1f"), f"{case.memory / 1e6:.0f}"]
        lines.append([*line, case.precision, str(case.tiles)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def as_document(cases: Sequence[Case]) -> dict[str, object]:
    """The cases as plain values, for ``--json``."""
    return {"cases": [{**asdict(case), "ratio": case.ratio} for case in cases]}


def _end_with(parent: int) -> None:
    """End when the process that asked has ended: one stopped while it starts us cannot tell us."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    """Run one task for `measure` and print what it found, and nothing else: engines talk."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    parent, task, *settings = json.loads(sys.argv[1])
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        found = TASKS[task](*settings)
    except (RealesrError, RuntimeError, MemoryError) as error:
        sys.exit(str(error))
    answers.write(json.dumps(found))
    answers.close()


if __name__ == "__main__":
    main()
