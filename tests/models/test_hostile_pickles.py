"""Files made to do harm: each is proved to run under an unsafe loader, and refused here unrun."""

from __future__ import annotations

import io
import pickle
import struct
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from realesr.models.weightfiles import open_weights, read_weights
from tests.models.weightmaking import network, refusal, save, zipped


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def call(module: str, name: str, *arguments: str) -> bytes:
    """Protocol 2: import a name, call it with texts."""
    pushed = b"".join(map(text, arguments))
    return f"c{module}\n{name}\n".encode() + b"(" + pushed + b"tR"


class Gadget:
    """Pickles to a call of anything."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def plain(marker: str) -> dict[str, bytes]:
    """Pickles by trick; each makes the file ``marker`` when it is loaded."""
    touch, code = f"touch {marker}", f"open({marker!r}, 'w').close()"
    call_exec = call("builtins", "exec", code)
    tricks = {
        "os.system": call("os", "system", touch),
        "posix.system": call("posix", "system", touch),
        "exec": call_exec,
        "eval": call("builtins", "eval", code),
        "old builtins": call("__builtin__", "eval", code),
        "open": call("builtins", "open", marker, "w"),
        "subprocess": b"csubprocess\nPopen\n((" + text("touch") + text(marker) + b"ltR",
        "timeit": call("timeit", "timeit", "pass", code),
        "numpy's gadget": b"cnumpy.testing\nrundocs\n0" + call_exec,
        "through getattr": b"cbuiltins\ngetattr\n(" + call("builtins", "__import__", "os")
        + text("system") + b"tR(" + text(touch) + b"tR",
        "through attrgetter": call("operator", "attrgetter", "system")
        + b"(" + call("builtins", "__import__", "os") + b"tR(" + text(touch) + b"tR",
        "through partial": b"cfunctools\npartial\n(cos\nsystem\n" + text(touch) + b"tR)R",
        "through map": b"cbuiltins\nlist\n(cbuiltins\nmap\n(cos\nsystem\n(" + text(touch)
        + b"ltRtR",
        "names on the stack": text("os") + text("system") + b"\x93(" + text(touch) + b"tR",
        "names from the memo": text("system") + b"q\x010" + text("os") + b"h\x01\x93("
        + text(touch) + b"tR",
        "a dotted name": text("posixpath") + text("os.system") + b"\x93(" + text(touch) + b"tR",
        "torch's own os": text("torch") + text("os.system") + b"\x93(" + text(touch) + b"tR",
        "an allowed module": text("collections") + text("_sys.modules.__class__") + b"\x930"
        + call_exec,
        "INST": b"(" + text(touch) + b"ios\nsystem\n",
        "OBJ": b"(csubprocess\nPopen\n(" + text("touch") + text(marker) + b"lo",
        "NEWOBJ": b"csubprocess\nPopen\n(" + text("touch") + b"t\x810" + call_exec,
        "NEWOBJ_EX": b"cio\nStringIO\n)}\x920" + call_exec,
        "copyreg's code": b"\x82\x66(" + text(touch) + b"tR",
        "copyreg": b"ccopyreg\n_reconstructor\n(cbuiltins\nobject\ncbuiltins\nobject\nNtR0"
        + call_exec,
        "BUILD": b"cio\nBytesIO\n)R(C\0K\0NtbN0" + call_exec,
        "after weights": b"}" + text("params") + b"}" + text("a") + b"K\1ss0" + call_exec,
        "inside weights": b"}" + text("params") + b"}" + text("a") + call_exec + b"ss",
        "as a key": b"}" + call_exec + b"K\1s",
        "as attributes": b"ccollections\nOrderedDict\n)R}" + text("_metadata") + call_exec + b"sb",
        "as a persistent id": b"(" + text("storage") + call_exec + b"t0N",
    }  # fmt: skip
    # Dotted names on the stack came with protocol 4; the names of Python 2 went with protocol 3.
    pickles = {
        trick: (b"\x80\x04" if b"\x93" in program else b"\x80\x02") + program + b"."
        for trick, program in tricks.items()
    }
    pickles["protocol 0"] = f"cos\nsystem\n(S{touch!r}\ntR.".encode()
    for protocol in range(6):
        pickles[f"protocol {protocol} dumps"] = pickle.dumps(Gadget(exec, code), protocol)
    return pickles


def streamed(gadget: bytes, place: int) -> bytes:
    """A torch stream of before 2020 with the gadget as its pickle number ``place``."""
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    pickles = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, machine, {}, [])]
    pickles[place] = gadget
    return b"".join(pickles)


def build(folder: Path) -> dict[str, Path]:
    """Every hostile file, and beside each the marker it would leave."""
    folder.mkdir()
    files: dict[str, Path] = {}

    def add(trick: str, make: Callable[[str], bytes], suffix: str = "pth") -> None:
        path = folder / f"{len(files)}.{suffix}"
        files[trick] = path
        path.write_bytes(make(f"{path}.ran"))

    for trick in plain(""):
        add(f"pickle: {trick}", lambda marker, trick=trick: plain(marker)[trick])
    for trick in plain(""):
        add(f"zip: {trick}", lambda marker, trick=trick: zipped(plain(marker)[trick]), "pt")
    for place in (2, 3, 4):
        add(f"stream: {place}", lambda marker, place=place: streamed(plain(marker)["exec"], place))
    for suffix in ("safetensors", "bin", "png"):
        add(f"named .{suffix}", lambda marker: plain(marker)["exec"], suffix)
    add("saved by torch", lambda marker: saved_with(marker))
    return files


def saved_with(marker: str) -> bytes:
    stream = io.BytesIO()
    code = f"open({marker!r}, 'w').close()"
    torch.save({"params_ema": network(), "note": [Gadget(exec, code)]}, stream)
    return stream.getvalue()


UNSAFE = """
    import copyreg, os, pickle, sys, time, warnings
    import torch
    warnings.simplefilter("ignore")
    copyreg.add_extension("os", "system", 0x66)
    for path in sys.argv[1:]:
        try:
            pickle.loads(open(path, "rb").read())
        except BaseException:
            pass
        try:
            torch.load(path, weights_only=False)
        except BaseException:
            pass
    time.sleep(0.5)
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> dict[str, Path]:
    """The hostile files, after an unsafe loader in another process ran each of them."""
    files = build(tmp_path_factory.mktemp("hostile") / "files")
    unsafe = [sys.executable, "-c", textwrap.dedent(UNSAFE), *map(str, files.values())]
    subprocess.run(unsafe, check=True, capture_output=True, timeout=200)
    return files


def test_each_of_them_runs_under_an_unsafe_loader_and_not_here(hostile):
    harmless = [trick for trick, path in hostile.items() if not marker_of(path).exists()]
    assert not harmless, f"these prove nothing: {harmless}"
    for path in hostile.values():
        marker_of(path).unlink()
    for trick, path in hostile.items():
        for door in (open_weights, read_weights):
            fault = refusal(path, door)
            assert fault.code == "E201", f"{trick}: {fault}"
            assert "It was not run." in fault.cause and path.name in fault.cause
    ran = [trick for trick, path in hostile.items() if marker_of(path).exists()]
    assert not ran


def marker_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.ran")


@pytest.mark.parametrize(
    ("trick", "shown"),
    [
        ("os.system", "os.system"),
        ("posix.system", "os.system"),
        ("old builtins", "builtins.eval"),
        ("names on the stack", "os.system"),
        ("INST", "os.system"),
        ("through partial", "functools.partial"),
        ("copyreg's code", "EXT1"),
    ],
)
def test_the_name_is_the_one_people_know(trick, shown, tmp_path):
    (tmp_path / "m.pth").write_bytes(plain("x")[trick])
    fault = refusal(tmp_path / "m.pth")
    assert fault.cause == f'm.pth asks to run "{shown}". It was not run.'
    assert fault.next_step == "Do not use this file; report it." and fault.exit_code == 4


def test_a_clumsy_file_is_not_accused(tmp_path):
    import argparse

    path = save("zip", {"state_dict": network(), "args": argparse.Namespace()}, tmp_path / "m.pth")
    fault = refusal(path)
    assert fault.code == "E201" and ".safetensors" in fault.next_step


def test_a_whole_module_and_a_torchscript_program(tmp_path):
    layer = torch.nn.Conv2d(3, 3, 3)
    torch.save(layer, tmp_path / "m.pth")
    assert refusal(tmp_path / "m.pth").code == "E201"
    (tmp_path / "m.pt").write_bytes(zipped(b"}.", "m/data.pkl"))
    with zipfile.ZipFile(tmp_path / "m.pt", "a") as archive:
        archive.writestr("m/code/__torch__.py", "def forward(self): ...")
    fault = refusal(tmp_path / "m.pt")
    assert fault.code == "E201" and "TorchScript" in fault.cause


def located(count: object, *, dtype: str = "FloatStorage", key: str = "0") -> bytes:
    return (b"(" + text("storage") + f"ctorch\n{dtype}\n".encode() + text(key) + text("cpu")
            + number(count) + b"tQ")  # fmt: skip


def number(value: object) -> bytes:
    return pickle.dumps(value, 2)[2:-1]


def tensor(storage: bytes, offset: object, shape: object, strides: object) -> bytes:
    """A listing of one tensor."""
    parts = storage + number(offset) + number(shape) + number(strides)
    return (b"\x80\x02}" + text("a") + b"ctorch._utils\n_rebuild_tensor_v2\n(" + parts
            + b"\x89NtRs.")  # fmt: skip


@pytest.mark.parametrize(
    "listing",
    [
        tensor(located(2), 0, (2,), (1,)),
        tensor(located(1, dtype="DoubleStorage"), 0, (1,), (1,)),
        tensor(located(1, key="../version"), 0, (1,), (1,)),
        tensor(located(-1), 0, (1,), (1,)),
        tensor(located(True), 0, (1,), (1,)),
        tensor(located(1), 1, (1,), (1,)),
        tensor(located(1), -1, (1,), (1,)),
        tensor(located(1), 0, (2,), (1,)),
        tensor(located(1), 0, (1 << 40,), (0,)),
        tensor(located(1), 0, (2,), (-1,)),
        tensor(located(1), 0, (1,), ()),
        tensor(located(1), 0, (1.0,), (1,)),
        tensor(located(1), 0, (1,) * 9, (1,) * 9),
        tensor(number(0), 0, (1,), (1,)),
        b"\x80\x02K\x01K\x02K\x03s.",
        b"\x80\x02}h\x07.",
        b"\x80\x02(((((.",
        b"\x80\x02]K\1K\1s.",
        b"\x80\x02" + b"}" * 600_000 + b".",
        b"\x80\x02)" + b"q\0h\0\x86" * 200 + b"}h\0K\1s.",
        b"\x80\x02}" + text("a") + b"X\xff\xff\xff\x7f",
    ],
)
def test_listings_that_do_not_add_up(listing, tmp_path):
    (tmp_path / "m.pth").write_bytes(zipped(listing))
    # Names and shapes are enough to see it: no weight is read.
    assert refusal(tmp_path / "m.pth", open_weights).code == "E203"


def test_a_tensor_that_grows_on_reading(tmp_path):
    """Ten thousand turned views of one storage would need 10,000 times its memory."""
    base = torch.randn(200, 200).t()
    path = save("zip", {f"t{i}": base for i in range(3000)}, tmp_path / "m.pth")
    fault = refusal(path)
    assert fault.code == "E203" and "overlap" in fault.cause


def test_a_dict_that_holds_itself(tmp_path):
    nested: dict[str, object] = {"a": torch.ones(2)}
    nested["again"] = [nested, nested]
    path = save("zip", nested, tmp_path / "m.pth")
    assert read_weights(path).tensors["a"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("two listings", "without weights"),
        ("same name", "the same entry twice"),
        ("packed", "an entry torch does not write"),
        ("big endian", "big-endian"),
    ],
)
def test_zips_that_could_be_read_in_two_ways(fault, words, tmp_path):
    path = save("zip", network(), tmp_path / "m.pth")
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    root = next(iter(entries)).partition("/")[0]
    packed = zipfile.ZIP_DEFLATED if fault == "packed" else zipfile.ZIP_STORED
    if fault == "two listings":
        entries["other/data.pkl"] = b"}."
    if fault == "big endian":
        entries[f"{root}/byteorder"] = b"big"
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        if fault == "same name":
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr(f"{root}/data.pkl", b"}.")
    assert words in refusal(path).cause
