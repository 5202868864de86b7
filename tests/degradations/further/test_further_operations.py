"""What every operation beyond the papers' own must do: replay, leave its input alone, refuse."""

from __future__ import annotations

import importlib
import json
import math
import pkgutil

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realesr import degradations
from realesr.degradations import further
from realesr.degradations.further import darkroom, sensor
from realesr.degradations.spans import Field, fields_of
from realesr.degradations.table import OPERATIONS, operation_from_dict, operation_to_dict
from realesr.errors import ConfigError, ParameterError, PictureError

FURTHER = {name: cls for name, cls in OPERATIONS.items() if ".further." in cls.__module__}


def values(field: Field) -> st.SearchStrategy[object]:
    """Any value a field takes, large kernels left out because they are only slow."""
    if field.kind == "choice":
        return st.sampled_from(field.options)
    if field.kind == "bool":
        return st.booleans()
    if field.kind == "int":
        return st.integers(int(field.span.low), int(field.span.high))
    high = 20 if field.span.unit in ("px",) else field.span.high
    return st.floats(field.span.low, min(field.span.high, high))


def one_value(field: Field) -> object:
    """A value that the field takes."""
    if field.kind == "bool":
        return False
    return field.options[0] if field.options else min(max(field.span.low, 1), field.span.high)


def operations(name: str) -> st.SearchStrategy[object]:
    cls = FURTHER[name]
    return st.fixed_dictionaries({field.name: values(field) for field in fields_of(cls)}).map(
        lambda chosen: cls(**chosen)
    )


def test_all_are_in_the_table_and_exported():
    """Whatever class of ``further`` can be applied: none may be forgotten."""
    modules = [
        importlib.import_module(f"{further.__name__}.{found.name}")
        for found in pkgutil.iter_modules(further.__path__)
    ]
    written = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and thing.__module__ == module.__name__
        if hasattr(thing, "apply")
    }
    assert len(written) >= 9
    assert written == set(FURTHER.values())
    for cls in written:
        assert getattr(degradations, cls.__name__) is cls and cls.__name__ in degradations.__all__


@pytest.mark.parametrize("name", sorted(FURTHER))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), height=st.integers(1, 33), width=st.integers(1, 33), seed=st.integers(0, 9))
def test_it_replays_from_json_and_leaves_its_input_alone(name, data, height, width, seed):
    operation = data.draw(operations(name))
    image = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(seed))
    kept = image.clone()
    after = operation.apply(image, (height, width))
    assert torch.equal(image, kept), "the input changed"
    assert after.shape == image.shape and after.dtype == torch.float32
    assert bool(torch.isfinite(after).all())
    assert float(after.min()) >= -1e-5 and float(after.max()) <= 1 + 1e-5

    again = operation_from_dict(json.loads(json.dumps(operation_to_dict(operation))))
    assert again == operation
    assert torch.equal(again.apply(image, (height, width)), after)


@pytest.mark.parametrize("name", sorted(FURTHER))
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_first_picture_of_a_batch_is_what_it_is_alone(name, data):
    operation = data.draw(operations(name))
    image = torch.rand(3, 3, 17, 14, generator=torch.Generator().manual_seed(1))
    together = operation.apply(image, (17, 14))
    alone = operation.apply(image[:1], (17, 14))
    assert torch.allclose(together[:1], alone, atol=1e-4)


@pytest.mark.parametrize("name", ["sensor_noise", "film_grain"])
def test_the_noise_of_two_pictures_in_a_batch_is_not_the_same(name):
    operation = {
        "sensor_noise": sensor.SensorNoise(white=200, read_noise=2, seed=3),
        "film_grain": darkroom.FilmGrain(size=0.1, strength=10, gray=True, seed=3),
    }[name]
    flat = torch.full((2, 3, 96, 96), 0.5)
    noise = operation.apply(flat, (96, 96)) - 0.5
    correlation = torch.corrcoef(noise[:, 0].flatten(1))[0, 1]
    assert abs(float(correlation)) < 4 / 96


@pytest.mark.parametrize("name", sorted(set(FURTHER) - {"chroma_subsampling"}))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_values_out_of_range_are_refused_by_name(name, data):
    fields = [f for f in fields_of(FURTHER[name]) if f.kind in ("float", "int")]
    right = operation_to_dict(data.draw(operations(name)))
    field = data.draw(st.sampled_from(fields))
    beyond = st.floats(field.span.high, 1e300, exclude_min=True)
    below = st.floats(-1e300, field.span.low, exclude_max=True)
    wrong = data.draw(beyond | below | st.sampled_from([math.nan, math.inf, "many", None, True]))
    with pytest.raises(
        ConfigError, match=f"{FURTHER[name].__name__}.{field.name} must be"
    ) as raised:
        operation_from_dict(right | {field.name: wrong})
    assert raised.value.code == "E404" and raised.value.cause.count(".") >= 1


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_pictures_that_are_none_are_refused(name):
    cls = FURTHER[name]
    operation = cls(**{field.name: one_value(field) for field in fields_of(cls)})
    with pytest.raises(PictureError, match="E111"):
        operation.apply(torch.full((1, 3, 4, 4), math.nan), (4, 4))
    for wrong in (
        torch.zeros(3, 4, 4),
        torch.zeros(1, 1, 4, 4),
        torch.zeros(1, 3, 4, 4, dtype=torch.float64),
        torch.zeros(1, 3, 4, 4, dtype=torch.uint8),
    ):
        with pytest.raises(ParameterError, match="E002"):
            operation.apply(wrong, (4, 4))


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match='did you mean "motion_blur"'):
        operation_from_dict({"operation": "motionblur", "length": 3})
    with pytest.raises(ConfigError, match="4:4:4, 4:2:2, 4:2:0"):
        operation_from_dict({"operation": "chroma_subsampling", "sampling": "4:1:1"})
    with pytest.raises(ConfigError, match='did you mean "radius"'):
        operation_from_dict({"operation": "defocus", "radios": 3})
