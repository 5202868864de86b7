"""Weight files made to lie or to cost: each gets one sentence, quickly and in little memory."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from realesr.models.checkpoints import STREAM_START
from realesr.models.weightfiles import read_weights
from tests.models.weightmaking import BODY, MANY, ONE, header, refusal, save, zipped

JUDGE = """
    import sys, time
    from realesr.errors import ModelError
    from realesr.models.weightfiles import read_weights
    try:
        read_weights(sys.argv[1])
    except ModelError as fault:
        status = open("/proc/self/status").read()
        peak = int(status.split("VmHWM:")[1].split()[0])
        print(fault.code, peak // 1024, "torch" in sys.modules)
"""


def sparse(path: Path, listed: bytes, size: int) -> None:
    with path.open("wb") as file:
        file.write(listed)
        file.truncate(size)


def costly(folder: Path) -> dict[str, tuple[str, Path]]:
    """Refusals that could be slow or large: the code expected, and the file."""
    spoiled = {f"body.{i}.weight": torch.randn(64, 64, 3, 3) for i in range(455)}
    spoiled["body.454.weight"][0, 0, 0, 0] = torch.nan
    save("zip", {"params_ema": spoiled}, folder / "nan.pth")
    save("safetensors", spoiled, folder / "nan.safetensors")
    many = {f"t{i}": {**ONE, "shape": [0], "data_offsets": [0, 0]} for i in range(60_000)}
    (folder / "many.safetensors").write_bytes(header(many))
    (folder / "deep.safetensors").write_bytes(header('{"a":[' + "[]," * 990_000 + "0]}"))
    huge = {"a": {"dtype": "F32", "shape": [1 << 33], "data_offsets": [0, 1 << 35]}}
    listed = header(huge)
    sparse(folder / "huge.safetensors", listed, len(listed) + (1 << 35))
    (folder / "long.pth").write_bytes(zipped(b"\x80\x02(" + b"}" * 15_000_000))
    with zipfile.ZipFile(folder / "entries.pth", "w") as archive:
        for i in range(65_000):
            archive.writestr(f"{'a' * 60}{i}", b"")
    return {
        "NaN in a .pth of 67 MB": ("E204", folder / "nan.pth"),
        "NaN in a .safetensors of 67 MB": ("E204", folder / "nan.safetensors"),
        "60,000 tensors": ("E203", folder / "many.safetensors"),
        "a header of 3 MB of lists": ("E203", folder / "deep.safetensors"),
        "34 GB": ("E205", folder / "huge.safetensors"),
        "15 million instructions": ("E203", folder / "long.pth"),
        "65,000 entries": ("E203", folder / "entries.pth"),
    }


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory needs /proc")
def test_a_refusal_is_cheap_and_needs_no_torch(tmp_path):
    for case, (code, path) in costly(tmp_path).items():
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(JUDGE), str(path)],
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        found, peak, torch_loaded = done.stdout.split()
        assert (found, torch_loaded) == (code, "False"), case
        assert int(peak) <= 300, f"{case}: {peak} MB"


STARTS = [
    b"", b"PK\x03\x04", b"\x80\x02", b"\x80\x04\x95", STREAM_START[:-1], STREAM_START, b"(S'",
    b"cos\n", b"\x10\0\0\0\0\0\0\0{", b"\x89PNG", b"<!DOCTYPE html>", b"GIF8",
]  # fmt: skip


@MANY
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=400), named=st.booleans())
def test_random_bytes_get_a_sentence(start, rest, named, tmp_path):
    path = tmp_path / ("m.safetensors" if named else "m.pth")
    path.write_bytes(start + rest)
    refusal(path)


OPCODES = st.sampled_from(
    [b"\x80\x02", b"}", b"]", b")", b"(", b"t", b"\x85", b"\x86", b"\x87", b"u", b"s", b"a", b"e",
     b"q\0", b"h\0", b"R", b"b", b"Q", b"N", b"K\x05", b"X\1\0\0\0a", b"ctorch\nSize\n", b"\x94",
     b"ccollections\nOrderedDict\n", b"ctorch._utils\n_rebuild_tensor_v2\n", b"\x93", b"\x81",
     b"ctorch\nFloatStorage\n", b"ccollections\nCounter\n", b"X\7\0\0\0storage", b"d", b"l",
     b"X\3\0\0\0cpu", b"X\1\0\0\x000", b"0", b"2", b"."]
)  # fmt: skip


@settings(MANY, max_examples=600)
@given(program=st.lists(OPCODES, max_size=40), name=st.sampled_from(["a/data.pkl", "data.pkl"]))
def test_random_pickle_programs_get_a_sentence(program, name, tmp_path):
    path = tmp_path / "m.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"".join(program) + b".")
        archive.writestr(name.replace("data.pkl", "data/0"), bytes(20))
    refusal(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header({"a": ONE}, BODY, length=2**64 - 1), "impossible header (length 18,446,744"),
        (header({"a": ONE}, BODY, length=90_000_000), "impossible header"),
        (header({"a": ONE}, BODY, length=0), "impossible header"),
        (header(" " + json.dumps({"a": ONE}), BODY), "does not start with {"),
        (header('{"a": }', BODY), "no valid JSON"),
        (header("{" * 100_000, BODY), "no valid JSON"),
        (header('{"a":' + "[" * 100_000, BODY), "no valid JSON"),
        (struct.pack("<Q", 4) + b'{"\xff"' + BODY, "no valid JSON"),
        (header(f'{{"a": {json.dumps(ONE)}, "a": {json.dumps(ONE)}}}', BODY), "same name twice"),
        (header('{"a": {"dtype": "F32", "dtype": "F32"}}', BODY), "same name twice"),
        (header({}), "0 tensors"),
        (header({"__metadata__": {"a": "b"}}), "0 tensors"),
        (header({"__metadata__": {"a": 1}, "a": ONE}, BODY), "metadata that is not text"),
        (header({"__metadata__": "x", "a": ONE}, BODY), "metadata that is not text"),
        (header({"../a": ONE}, BODY), "the name '../a'"),
        (header({"": ONE}, BODY), "the name ''"),
        (header({"a" * 513: ONE}, BODY), "a tensor with the name"),
        (header({"a\x1b": ONE}, BODY), "the name 'a\\x1b'"),
        (header({f"t{i}": {**ONE, "shape": [0], "data_offsets": [0, 0]} for i in range(20_000)}),
         "20,000 tensors"),
        (header({"a": [1]}, BODY), "no dtype, shape and data_offsets"),
        (header({"a": {**ONE, "more": 1}}, BODY), "no dtype, shape and data_offsets"),
        (header({"a": {**ONE, "dtype": "F128"}}, BODY), "unknown dtype"),
        (header({"a": {**ONE, "dtype": ["F32"]}}, BODY), "unknown dtype"),
        (header({"a": {**ONE, "shape": [-2]}}, BODY), "impossible shape"),
        (header({"a": {**ONE, "shape": [2.0]}}, BODY), "impossible shape"),
        (header({"a": {**ONE, "shape": [True, 2]}}, BODY), "impossible shape"),
        (header({"a": {**ONE, "shape": [1] * 9}}, BODY), "impossible shape"),
        (header({"a": {**ONE, "shape": [2**62, 2**62]}}, BODY), "does not fill its bytes"),
        (header({"a": {**ONE, "shape": [3]}}, BODY), "does not fill its bytes"),
        (header({"a": {**ONE, "data_offsets": [8, 0]}}, BODY), "does not fill its bytes"),
        (header({"a": {**ONE, "data_offsets": [0, 8, 16]}}, BODY), "impossible data_offsets"),
        (header({"a": {**ONE, "data_offsets": [-8, 0]}}, BODY), "impossible data_offsets"),
        (header({"a": {**ONE, "data_offsets": [4, 12]}}, BODY + BODY), "leaves a hole"),
        (header({"a": ONE, "b": {**ONE, "data_offsets": [12, 20]}}, 3 * BODY), "leaves a hole"),
        (header({"a": ONE, "b": ONE}, BODY), "overlaps another"),
        (header({"a": ONE}, BODY + b"PK\x03\x04hidden"), "10 bytes after its last tensor"),
    ],
)  # fmt: skip
def test_hostile_headers(content, words, tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    fault = refusal(path)
    assert fault.code == "E203" and words in fault.cause


def test_an_honest_header_with_padding_is_read(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(header(json.dumps({"a": ONE}) + "   ", BODY))
    assert read_weights(path).tensors["a"].tolist() == [1, 2]
