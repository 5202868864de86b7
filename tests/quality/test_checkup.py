"""The check-up: its layout, its sentences, its ranking, and that no picture is too odd for it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from realesr.errors import ParameterError
from realesr.models.catalogue import known_models
from realesr.quality.checkup import LEAVE_ALONE, Checkup, Finding, inspect
from realesr.quality.checkup.ranking import rank
from tests.pictures import natural

SHAPES = st.tuples(st.integers(1, 90), st.integers(1, 90), st.sampled_from([None, 1, 2, 3, 4])).map(
    lambda shape: shape[:2] if shape[2] is None else shape
)


@given(st.data())
@settings(max_examples=20)
def test_no_picture_is_too_odd(data):
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    found = inspect(data.draw(arrays.arrays(dtype, data.draw(SHAPES))))
    document = json.dumps(found.as_dict(), allow_nan=False)
    assert json.loads(document)["findings"].keys() == found.findings.keys()
    for each in found.findings.values():
        assert 0 <= each.confidence <= 1
        assert each.sentence.endswith(".")


def test_what_is_no_picture_is_refused():
    for array in (np.zeros(4, np.uint8), np.zeros((4, 4)), np.zeros((0, 4), np.uint8)):
        with pytest.raises(ParameterError, match="E001"):
            inspect(array)


def test_the_ranking_names_models_there_are_and_leaving_it_alone():
    names = [each.name for each in inspect(natural()).models]
    assert len(names) == len(set(names))
    assert LEAVE_ALONE in names
    assert set(names) <= {spec.name for spec in known_models()} | {LEAVE_ALONE}


def found(value: float = 0.0, *, matters: bool = False) -> Finding:
    return Finding(value, "levels", 1.0, "It is so.", matters)


def ranked(width: int = 400, height: int = 300, **findings: Finding) -> list[str]:
    """The names that suit a sharp, clean photo with these findings, the best first."""
    clean = {name: found() for name in ("noise", "blur", "jpeg", "enlargement", "content")}
    return [each.name for each in rank(Checkup(width, height, clean | findings))]


def test_a_large_sharp_clean_picture_is_left_alone():
    assert ranked(3000, 2000)[0] == LEAVE_ALONE
    assert ranked()[0] != LEAVE_ALONE
    assert ranked(3000, 2000, jpeg=found(40, matters=True))[0] != LEAVE_ALONE


def test_drawings_and_photos_get_models_of_their_own():
    drawn, taken = ranked(content=found(1.0)), ranked(noise=found(9, matters=True))
    assert "RealESRGAN_x4plus_anime_6B" in drawn
    assert not any("anime" in name for name in taken)
    assert "RealESRGAN_x4plus" in taken
    assert "RealESRGAN_x4plus" not in drawn


def test_grain_is_for_the_model_that_keeps_it():
    grainy = ranked(noise=found(4, matters=True))
    assert grainy.index("realesr-general-wdn-x4v3") < grainy.index("realesr-general-x4v3")
    assert "realesr-general-wdn-x4v3" not in ranked(noise=found(30, matters=True))


def test_borders_are_left_out_of_what_is_looked_at():
    photo = natural("astronaut", 200, 200)
    framed = np.pad(photo, ((61, 40), (0, 0), (0, 0)))
    plain, inside = inspect(photo), inspect(framed)
    assert inside.findings["borders"].matters
    assert inside.findings["noise"].value == pytest.approx(plain.findings["noise"].value, rel=0.3)
    assert not plain.findings["borders"].matters
