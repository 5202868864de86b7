"""`.pth` to safetensors: the very same numbers, honest metadata, and a child that can do little."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors import safe_open

from realesr import load_model
from realesr.errors import ModelError, ParameterError, PictureError
from realesr.models.catalogue import BUNDLED, find_model
from realesr.models.compact import Compact
from realesr.models.conversion import contents, convert, pack
from realesr.models.loading import LoadedModel
from realesr.models.rrdbnet import RRDBNet
from realesr.models.unet_discriminator import UNetDiscriminator


def outputs_agree(one, other) -> bool:
    image = torch.rand(1, 3, 12, 18, generator=torch.Generator().manual_seed(0))
    networks = [load_model(path, device="cpu").network for path in (one, other)]
    with torch.inference_mode():
        return torch.equal(*(network(image) for network in networks))


def test_a_pth_becomes_safetensors_with_the_very_same_numbers(tmp_path):
    source, target = tmp_path / "old.pth", tmp_path / "new.safetensors"
    weights = RRDBNet(2, 8, 1, 4).state_dict()
    torch.save({"params_ema": {f"module.{name}": weights[name] for name in weights}}, source)
    made = convert(source, target, licence="MIT")
    assert outputs_agree(source, target)
    with safe_open(target, "np") as official:
        assert set(official.keys()) == set(weights)
        told = official.metadata()
    assert told == made.metadata
    assert {key: told[key] for key in ("architecture", "scale", "blocks", "fold")} == {
        "architecture": "rrdbnet", "scale": "2", "blocks": "1", "fold": "2",
    }  # fmt: skip
    assert told["source"] == "old.pth" and told["licence"] == "MIT"
    assert told["source_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert load_model(target, device="cpu").spec.licence == "MIT"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.safetensors", "old.pth"]


def test_half_is_half_the_size_and_rounds_once(tmp_path):
    network = Compact(2, 32, 4, "leakyrelu")
    torch.save(network.state_dict(), tmp_path / "a.pth")
    config = '{"architecture": "compact", "arguments": {"activation": "leakyrelu"}}'
    (tmp_path / "config.json").write_text(config)
    target = tmp_path / "half" / "a.safetensors"
    target.parent.mkdir()
    convert(tmp_path / "a.pth", target, half=True)
    assert target.stat().st_size < 0.6 * (tmp_path / "a.pth").stat().st_size
    model = load_model(target, device="cpu")
    assert model.spec.arguments["activation"] == "leakyrelu"
    loaded = model.network.state_dict()
    for name, value in network.state_dict().items():
        assert torch.equal(loaded[name], value.half().float())


def test_a_refusal_comes_out_of_the_child_as_it_is(tmp_path):
    hostile = tmp_path / "hostile.pth"
    hostile.write_bytes(b"cos\nsystem\n(S'touch %s'\ntR." % str(tmp_path / "ran").encode())
    with pytest.raises(ModelError, match=r"E201 hostile\.pth asks to run \"os\.system\""):
        convert(hostile, tmp_path / "a.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.pth"]


def test_nothing_is_overwritten_without_force(tmp_path):
    source, target = tmp_path / "judge.pth", tmp_path / "judge.safetensors"
    torch.save(UNetDiscriminator(4).state_dict(), source)
    target.write_bytes(b"precious")
    with pytest.raises(PictureError, match="E113"):
        convert(source, target)
    assert target.read_bytes() == b"precious"
    assert convert(source, target, force=True).metadata["architecture"] == "unet_discriminator"
    judges = [load_model(path, device="cpu").network.state_dict() for path in (source, target)]
    assert all(torch.equal(judges[0][name], judges[1][name]) for name in judges[0])


def test_weights_too_large_for_half_are_refused():
    network = Compact(2, 4, 1)
    with torch.no_grad():
        network.body[0].weight[0, 0, 0, 0] = 1e5
    with pytest.raises(ModelError, match=r"E204 body\.0\.weight"):
        contents(LoadedModel(network, find_model("lab-x4")), "a.pth", "", half=True)


def test_the_target_must_be_safetensors(tmp_path):
    with pytest.raises(ParameterError, match="E001"):
        convert(tmp_path / "a.pth", tmp_path / "b.pth")


def test_known_weights_keep_their_licence(tmp_path):
    source = tmp_path / "copy.safetensors"
    source.write_bytes((BUNDLED / "lab-x4.safetensors").read_bytes())
    made = convert(source, tmp_path / "new.safetensors", licence="MIT")
    assert made.metadata["licence"] == "BSD-3-Clause"
    assert outputs_agree(source, tmp_path / "new.safetensors")


FORBIDDEN = {
    "a socket": "__import__('socket').socket()",
    "a name": "__import__('socket').getaddrinfo('localhost', 80)",
    "a program": "__import__('subprocess').run(['true'])",
    "a shell": "__import__('os').system('true')",
    "a fork": "__import__('os').fork()",
    "a new file": "open('made', 'w')",
    "a descriptor": "__import__('os').open('made', __import__('os').O_CREAT)",
    "a deletion": "__import__('os').remove('kept')",
    "a C library": "__import__('ctypes').CDLL(None)",
}


def test_a_locked_process_reads_and_does_nothing_else(tmp_path):
    (tmp_path / "kept").write_text("kept")
    code = f"""
import ctypes
from realesr.models.conversion import lock_down
lock_down()
assert open("kept").read() == "kept"
for name, deed in {FORBIDDEN!r}.items():
    try:
        eval(deed)
    except PermissionError:
        continue
    print(name)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_the_child_is_locked_before_it_reads(tmp_path):
    code = f"""
import sys
from realesr.models.conversion import convert_here
convert_here({str(BUNDLED / "lab-x4.safetensors")!r}, "", "")
sys.stderr.write("converted; ")
open("made", "w")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
    assert b"converted; " in done.stderr and b"PermissionError" in done.stderr
    assert len(done.stdout) > 1_000_000 and not list(tmp_path.iterdir())


def test_packing_is_read_by_the_official_library_and_repeats_itself(tmp_path):
    arrays = {"b": np.arange(6, dtype=np.float32).reshape(2, 3).T, "a": np.ones(3, np.float16)}
    data = pack(arrays, {"scale": "4"})
    assert data == pack(arrays, {"scale": "4"})
    (tmp_path / "a.safetensors").write_bytes(data)
    with safe_open(tmp_path / "a.safetensors", "np") as official:
        assert official.metadata() == {"scale": "4"}
        for name, array in arrays.items():
            found = official.get_tensor(name)
            assert found.dtype == array.dtype and np.array_equal(found, array)
