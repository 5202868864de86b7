"""Damaged pictures of every kind: only coded refusals come out."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from realesr.errors import PictureError
from realesr.gate import Limits
from realesr.images import read_picture
from tests.picture_files import good_samples


def mutated(data: bytes, draw: np.random.Generator) -> bytes:
    """A file cut, flipped, overwritten, thinned or stretched somewhere."""
    kind, at = draw.integers(5), int(draw.integers(len(data)))
    changed = bytearray(data)
    if kind == 0:
        return data[:at]
    if kind == 1:
        for place in draw.integers(len(data), size=8):
            changed[place] ^= 1 << draw.integers(8)
    elif kind == 2:
        for place in draw.integers(min(len(data), 200), size=4):
            changed[place] = draw.integers(256)
    elif kind == 3:
        del changed[at : at + 20]
    else:
        changed[at:at] = draw.bytes(20)
    return with_true_checksums(bytes(changed)) if data[:4] == b"\x89PNG" else bytes(changed)


def with_true_checksums(data: bytes) -> bytes:
    """A PNG whose blocks carry the checksums of what they now hold, to reach past that guard."""
    changed, at = bytearray(data), 8
    while at + 12 <= len(changed):
        length = struct.unpack_from(">I", changed, at)[0]
        end = at + 8 + length
        if end + 4 > len(changed):
            break
        struct.pack_into(">I", changed, end, zlib.crc32(changed[at + 4 : end]))
        at = end + 4
    return bytes(changed)


@pytest.mark.parametrize("name", sorted(good_samples()))
def test_only_refusals_escape_from_damaged_files(tmp_path, name):
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    data = good_samples()[name]
    refused = 0
    for _ in range(40):
        (tmp_path / name).write_bytes(mutated(data, draw))
        try:
            read_picture(tmp_path / name, limits=Limits(max_pixels=1_000_000))
        except PictureError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused
