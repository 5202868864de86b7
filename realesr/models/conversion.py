"""From any weights file to a safetensors file, in a child process that can do little else.

The reader cannot run what is in a pickle (`realesr.models.pickles`). Should it have a flaw all the
same, the child has nothing to give away: no environment, so no tokens and no proxies; no network,
no processes and no files to write, because an audit hook refuses them for good; limits on memory
and time. What it answers is checked like any other file before it gets its name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realesr import errors
from realesr.errors import ModelError, ParameterError, RealesrError
from realesr.images.safefile import refuse_overwriting, write_file
from realesr.models.weightfiles import WeightsFile, open_weights

if TYPE_CHECKING:
    import numpy as np

    from realesr.models.loading import LoadedModel

_MEMORY = 16 << 30  # bytes of addresses; torch alone takes several, most of them never used
_SECONDS = 600
_CHILD = """
import sys
sys.path.append(sys.argv[1])
from realesr.models.conversion import convert_here
convert_here(*sys.argv[2:])
"""
_REFUSED = (
    "socket.", "subprocess.", "ctypes.", "os.system", "os.exec", "os.fork", "os.posix_spawn",
    "os.spawn", "os.startfile", "os.kill", "os.remove", "os.rename", "os.link", "os.symlink",
    "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.putenv", "shutil.",
    "winreg.", "urllib.", "http.", "ftplib.", "smtplib.", "pty.",
)  # fmt: skip


def convert(
    source: str | Path,
    target: str | Path,
    *,
    half: bool = False,
    licence: str | None = None,
    force: bool = False,
) -> WeightsFile:
    """Write the weights of a file as safetensors, with what is known of them as metadata.

    The metadata holds the architecture and its arguments, the licence, and the name and sha256 of
    the source. Equal sources give equal bytes. A network loaded from the result gives the very
    numbers that the source's gives (unless ``half``).

    Args:
        source: A ``.pth`` or ``.safetensors`` file, perhaps with ``config.json`` beside it.
        target: Where to; ends in ``.safetensors``.
        half: Store 16-bit numbers: half the size, the last digits rounded.
        licence: SPDX identifier, where the person knows it; the catalogue's counts more.
        force: Replace a file that is there.

    Returns:
        The new file, opened again.

    Raises:
        ParameterError: E001 when the target has another suffix.
        ModelError: E201 to E210, when the source is dangerous, damaged or no known network; E204
            for weights too large for 16 bits; E212 when the child died.
        PictureError: E113 when the target exists, E114 when it cannot be written.
        ResourceError: E302 when the disk is full.
    """
    source, target = Path(source), Path(target)
    if target.suffix.lower() != ".safetensors":
        raise ParameterError(
            "E001", f"{target.name} does not end in .safetensors.", "Name the result so."
        )
    refuse_overwriting(target, force=force)
    data = _ask_child(source, half, licence)
    write_file(target, data, force=force, check=_check)
    return open_weights(target)


def _check(path: Path) -> None:
    """Refuse what would not load again."""
    open_weights(path).read()


def _ask_child(source: Path, half: bool, licence: str | None) -> bytes:
    home = Path(__file__).resolve().parents[2]
    words = [str(home), str(source.absolute()), "half" if half else "", licence or ""]
    # Windows starts no process without this one.
    environment = {key: os.environ[key] for key in ("SYSTEMROOT",) if key in os.environ}
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-c", _CHILD, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**environment, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _died(source, f"took over {_SECONDS} s") from None
    if child.returncode == 0:
        return child.stdout
    last = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    try:
        told = json.loads(last)
        refusal: RealesrError = getattr(errors, told.pop("kind"))(**told)
    except (ValueError, AttributeError, TypeError, KeyError):
        refusal = _died(source, last[:160] or f"ended with {child.returncode}")
    raise refusal


def _died(source: Path, how: str) -> ModelError:
    return ModelError(
        "E212",
        f"the process that was to read {source.name} failed: {how}.",
        "Do not use this file; report it.",
    )


def convert_here(path: str, half: str, licence: str) -> None:
    """What the child does: load the file as any other, and write the result to standard output."""
    from realesr.models.catalogue import DEFAULT_MODEL
    from realesr.models.loading import load_model

    # Libraries that are loaded late may need what is refused from now on.
    load_model(DEFAULT_MODEL, device="cpu")
    lock_down()
    try:
        model = load_model(path, device="cpu")
        data = pack(*contents(model, Path(path).name, licence, half=bool(half)))
    except RealesrError as error:
        told = {"kind": type(error).__name__, **error.as_dict()}
        sys.stderr.write(json.dumps(told) + "\n")
        sys.exit(1)
    sys.stdout.buffer.write(data)


def lock_down() -> None:
    """Refuse this process, for good, the network, other processes and writing files."""

    def guard(event: str, details: tuple[Any, ...]) -> None:
        writes = event == "open" and not _only_reads(*details[1:3])
        if writes or event.startswith(_REFUSED):
            raise PermissionError(f"{event} is refused while a file is converted")

    sys.addaudithook(guard)
    if sys.platform == "win32":
        return
    import resource

    for limit, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, _SECONDS)):
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # macOS knows the limit on addresses and refuses to set it.
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))


def _only_reads(mode: str | None, flags: int) -> bool:
    if mode is not None:
        return not set(mode) & set("wax+")
    return flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND) == 0


def contents(
    model: LoadedModel, source: str, licence: str, *, half: bool
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors and the metadata of the new file."""
    import numpy as np

    from realesr import __version__
    from realesr.models.catalogue import known_models

    spec = model.spec
    same = next((known for known in known_models() if known.sha256 == spec.sha256), None)
    if same or (licence and spec.licence == "unknown"):
        spec = replace(spec, licence=same.licence if same else licence)
    tensors = {name: value.numpy() for name, value in model.network.state_dict().items()}
    if half:
        with np.errstate(over="ignore"):
            tensors = {name: value.astype(np.float16) for name, value in tensors.items()}
        for name, value in tensors.items():
            if not np.isfinite(value).all():
                raise ModelError(
                    "E204", f"{name} holds weights too large for 16 bits.", "Leave --half out."
                )
    metadata = {
        "format": "pt",
        "architecture": spec.architecture,
        **{name: str(value) for name, value in spec.arguments.items()},
        "licence": spec.licence,
        "source": source,
        "source_sha256": str(spec.sha256),
        "converted_by": f"realesr {__version__}",
    }
    return tensors, metadata


def pack(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file: equal arrays and metadata give equal bytes.

    Args:
        tensors: float32 or float16 arrays by name.
        metadata: Texts by name.

    >>> import numpy as np
    >>> len(pack({"a": np.zeros(3, np.float32)}, {"scale": "4"})) % 8
    4
    """
    import numpy as np

    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    reached, parts = 0, []
    for name, array in tensors.items():
        dtype = {"f4": "F32", "f2": "F16"}[array.dtype.str[1:]]
        parts.append(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
        span = [reached, reached + len(parts[-1])]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": span}
        reached = span[1]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])
