"""Files that anybody wrote: whatever they hold, they are read or refused in a sentence."""

from __future__ import annotations

import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from realesr.degradations import Recipe, Trace, load_recipe, presets
from realesr.degradations.combinations import STEPS
from realesr.degradations.recipe_files import to_toml
from realesr.degradations.table import OPERATIONS
from realesr.errors import RealesrError

WORDS = ["recipe", "trace", "version", "seed", "scale", "steps", "operations", "step", "values"]
WORDS += ["operation", "quality", "size", "sigma", "weights", "in_order", "sizes", "modes"]
words = st.one_of(st.sampled_from([*WORDS, *STEPS, *OPERATIONS]), st.text(max_size=5))
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 102),
    st.integers(-(10**400), 10**400),
    st.floats(),
    words,
)
things = st.recursive(
    atoms,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=4)),
    max_leaves=12,
)
VALID = [
    *(preset(4).to_json() for preset in (presets.real_esrgan, presets.bsrgan, presets.phone_night)),
    *(presets.real_esrgan(4).sample(seed).to_json() for seed in range(3)),
    json.dumps(
        {
            "recipe": "drawn",
            "scale": 1,
            "steps": [
                {"step": "draw", "operation": "sinc", "values": {"size": [7, 9], "cutoff": 1}},
                {"step": "draw", "operation": "jpeg", "values": {"quality": [30, 95]}},
            ],
        }
    ),
]


def mutated(data, thing, chance):
    """The data with one place replaced, left out or doubled."""
    places = []

    def visit(inside):
        for key in list(inside.keys() if isinstance(inside, dict) else range(len(inside))):
            places.append((inside, key))
            if isinstance(inside[key], (dict, list)):
                visit(inside[key])

    visit(data)
    inside, key = chance.choice(places)
    way = chance.randrange(4)
    if way == 0:
        del inside[key]
    elif way == 1 and isinstance(inside, list):
        inside.append(inside[key])
    elif way == 2 and isinstance(inside, dict) and isinstance(thing, str):
        inside[thing] = inside.pop(key)
    else:
        inside[key] = thing
    return data


mutations = st.builds(
    lambda text, thing, seed: mutated(json.loads(text), thing, random.Random(seed)),
    st.sampled_from(VALID),
    things,
    st.integers(0, 2**32),
)


def refused_or_good(text):
    """Both readers; what they accept can be used."""
    for read in (Recipe.from_json, Trace.from_json):
        try:
            made = read(text)
        except RealesrError as error:
            assert error.code == "E404" and "\n" not in str(error)
            continue
        if isinstance(made, Recipe):
            assert all(made.sample(seed).scale == made.scale for seed in range(5))
        assert read(made.to_json()) == made


@settings(max_examples=400, deadline=None)
@given(data=st.one_of(things, mutations))
def test_any_document_is_read_or_refused(data):
    refused_or_good(json.dumps(data))


@settings(max_examples=300, deadline=None)
@given(data=mutations)
def test_any_edit_of_a_good_file_is_read_or_refused(data):
    refused_or_good(json.dumps(data))


@settings(max_examples=60, deadline=None)
@given(text=st.one_of(st.text(max_size=40), things.map(json.dumps)), toml=st.booleans())
def test_any_file_is_read_or_refused(text, toml, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / ("any.toml" if toml else "any.json")
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        recipe = load_recipe(path)
    except RealesrError as error:
        assert error.code == "E404" and path.name in str(error)
    else:
        assert to_toml(recipe)
