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
from realesr.quality.checkup import LEAVE_ALONE, inspect
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
