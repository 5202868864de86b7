"""State goes through tensors and JSON, and comes back bit for bit."""

from __future__ import annotations

import json
import math
import struct
from collections import Counter, OrderedDict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from realesr.errors import ConfigError, ParameterError
from realesr.images.safefile import write_durably
from realesr.models.storage import MAX_TENSORS
from realesr.train.state import pack, unpack
from realesr.train.tensorfile import read_tensors, tensor_pieces

TYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool,
]  # fmt: skip


@st.composite
def tensors(draw) -> torch.Tensor:
    """Any bits at all (so NaN of every kind), any shape with few items, some of them views."""
    dtype = draw(st.sampled_from(TYPES))
    shape = draw(st.lists(st.integers(0, 3), max_size=4))
    size = math.prod(shape) * dtype.itemsize
    data = draw(st.binary(min_size=size, max_size=size))
    if dtype == torch.bool:
        data = bytes(byte & 1 for byte in data)
    flat = torch.tensor(list(data), dtype=torch.uint8).view(dtype)
    tensor = flat.reshape(shape)
    return tensor.transpose(0, -1) if tensor.dim() > 1 and draw(st.booleans()) else tensor


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["$", "$dict"])
)
keys = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.just("$tensor"),
                 st.tuples(st.integers(), st.text()))  # fmt: skip
states = st.recursive(
    scalars | tensors(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(st.text(), inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4).map(OrderedDict),
        st.dictionaries(st.integers(), st.integers(), max_size=4).map(Counter),
    ),
    max_leaves=12,
)


def bits(value):
    """Something that is equal exactly when two values are the same to the last bit."""
    if isinstance(value, torch.Tensor):
        flat = value.contiguous().reshape(-1)
        content = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
        return "tensor", value.dtype, tuple(value.shape), content
    if isinstance(value, float):
        return float, "nan" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, dict):
        return type(value), [(bits(key), bits(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [bits(part) for part in value]
    return type(value), value


@given(states)
@settings(max_examples=300)
def test_what_is_packed_comes_back_bit_for_bit(state):
    packed, document = pack(state)
    text = json.dumps(document, allow_nan=False)
    assert bits(unpack(packed, json.loads(text))) == bits(state)


@given(states)
@settings(max_examples=60)
def test_also_through_a_file(tmp_path_factory, state):
    packed, document = pack({"all": state})
    path = tmp_path_factory.mktemp("state") / "state.safetensors"
    write_durably(path, tensor_pieces(packed))
    assert bits(unpack(read_tensors(path), document)) == bits({"all": state})


def test_tensors_in_places_with_the_same_name_do_not_meet():
    state = {1: torch.ones(1), "1": torch.zeros(1), "a": {"b": torch.full((1,), 2.0)},
             "a.b": torch.full((1,), 3.0), "ä": torch.full((1,), 4.0), "ö": torch.full((1,), 5.0),
             "x" * 900: torch.full((1,), 6.0), "x" * 901: torch.full((1,), 7.0)}  # fmt: skip
    packed, document = pack(state)
    assert len(packed) == 8 and len(packed) <= MAX_TENSORS
    assert bits(unpack(packed, document)) == bits(state)


def test_the_document_can_be_read_by_a_person():
    network = torch.nn.Linear(2, 1, bias=False)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4, betas=(0.9, 0.99))
    network(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    packed, document = pack(optimiser.state_dict())
    assert sorted(packed) == ["state.0.exp_avg", "state.0.exp_avg_sq", "state.0.step"]
    (group,) = document["param_groups"]
    assert group["lr"] == 1e-4 and group["betas"] == {"$tuple": [0.9, 0.99]}


def learn(network, optimiser, schedule, start: int, count: int) -> None:
    for number in range(start, start + count):
        generator = torch.Generator().manual_seed(number)
        loss = network(torch.rand(4, 3, generator=generator)).square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def make(kind: str, timetable: str):
    network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.PReLU(), torch.nn.Linear(5, 2))
    with torch.no_grad():
        for number, weight in enumerate(network.parameters()):
            weight.copy_(torch.linspace(-1, 1, weight.numel()).reshape(weight.shape) / (number + 1))
    optimiser = {
        "adam": lambda weights: torch.optim.Adam(weights, lr=1e-2, betas=(0.9, 0.99)),
        "amsgrad": lambda weights: torch.optim.AdamW(weights, lr=1e-2, amsgrad=True),
        "momentum": lambda weights: torch.optim.SGD(weights, lr=1e-2, momentum=0.9),
        "rmsprop": lambda weights: torch.optim.RMSprop(weights, lr=1e-3, centered=True),
        "adagrad": lambda weights: torch.optim.Adagrad(weights, lr=1e-2),
    }[kind](network.parameters())
    schedules = torch.optim.lr_scheduler
    schedule = {
        "steps": lambda: schedules.MultiStepLR(optimiser, [3, 3, 9], gamma=0.5),
        "cosine": lambda: schedules.CosineAnnealingLR(optimiser, 20),
        "warm": lambda: schedules.SequentialLR(
            optimiser,
            [schedules.LinearLR(optimiser, 0.1, 1.0, 4), schedules.ExponentialLR(optimiser, 0.9)],
            [4],
        ),
    }[timetable]()
    return network, optimiser, schedule


@pytest.mark.parametrize("kind", ["adam", "amsgrad", "momentum", "rmsprop", "adagrad"])
@pytest.mark.parametrize("timetable", ["steps", "cosine", "warm"])
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_learning_goes_on_as_if_it_had_not_stopped(kind, timetable, tmp_path):
    network, optimiser, schedule = make(kind, timetable)
    learn(network, optimiser, schedule, 0, 7)
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    kept, documents = {}, {}
    for name, part in parts.items():
        kept[name], documents[name] = pack(part.state_dict())
        write_durably(tmp_path / name, tensor_pieces(kept[name]))
    text = json.dumps(documents)

    other = dict(zip(parts, make(kind, timetable), strict=True))
    for name, part in other.items():
        part.load_state_dict(unpack(read_tensors(tmp_path / name), json.loads(text)[name]))
    learn(network, optimiser, schedule, 7, 12)
    learn(*other.values(), 7, 12)
    for name, part in parts.items():
        assert bits(other[name].state_dict()) == bits(part.state_dict()), name


def test_a_gradient_scaler_is_kept():
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**7)
    weight = torch.ones(1, requires_grad=True)
    optimiser = torch.optim.SGD([weight], lr=1.0)
    for gradient in (1.0, math.inf, 1.0):
        optimiser.zero_grad()
        scaler.scale(weight.sum() * gradient).backward()
        scaler.step(optimiser)
        scaler.update()
    kept, document = pack(scaler.state_dict())
    other = torch.amp.GradScaler("cpu", init_scale=2.0**7)
    other.load_state_dict(unpack(kept, json.loads(json.dumps(document))))
    assert other.state_dict() == scaler.state_dict() and other.get_scale() == 2.0**6


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({"groups": [{"names": {1, 2}}]}, "groups.0.names holds set"),
        ({3: (0, object())}, "3.1 holds object"),
        (torch.Size([3]), "the state holds Size"),
        ({"array": torch.ones(2).numpy()}, "array holds ndarray"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(state, place):
    with pytest.raises(ParameterError) as refusal:
        pack(state)
    assert refusal.value.code == "E004" and place in refusal.value.cause


@pytest.mark.parametrize(
    "document",
    [
        {"$tensor": "missing"}, {"$tensor": 3}, {"$tensor": {}}, {"$float": "2"}, {"$float": {}},
        {"$tuple": 3}, {"$dict": {}}, {"$dict": [[1]]}, {"$dict": [3]}, {"$dict": [[[], 1]]},
        {"$object": "os.system"}, {"$counter": [[1, 2, 3]]},
    ],
)  # fmt: skip
def test_a_document_that_does_not_fit_is_refused_in_a_sentence(document):
    with pytest.raises(ConfigError) as refusal:
        unpack({}, [document])
    assert refusal.value.code == "E502"
