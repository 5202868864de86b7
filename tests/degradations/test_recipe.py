"""Recipes and traces: replay, independence of the steps, files, refusals."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from realesr.degradations import (
    Blur,
    Chain,
    Draw,
    GaussianNoise,
    Jpeg,
    OneOf,
    RandomBlur,
    RandomJpeg,
    RandomNoise,
    RandomResize,
    Recipe,
    Resize,
    Round,
    Shuffle,
    Sometimes,
    Trace,
    load_recipe,
    presets,
    recipe_schema,
    save_recipe,
)
from realesr.degradations.combinations import STEPS
from realesr.degradations.documents import VERSION
from realesr.degradations.spans import fields_of
from realesr.degradations.table import OPERATIONS, operation_from_dict, operation_to_dict
from realesr.errors import ConfigError, ParameterError, PictureError
from realesr.randomness import spawn

PRESETS = [presets.real_esrgan, presets.real_esrgan_exact]


def photo(height=64, width=48, batch=1, seed=0):
    coarse = torch.rand(batch, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear").clamp(0, 1)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_trace_through_json_gives_equal_bits(preset):
    hr = photo()
    for seed in range(12):
        trace = preset(4).sample(seed)
        again = Trace.from_json(trace.to_json())
        assert again == trace
        assert torch.equal(again.apply(hr), trace.apply(hr))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("sharpen", [False, True])
def test_a_biography_is_short(preset, sharpen):
    recipe = preset(3, sharpen=sharpen)
    assert max(len(recipe.sample(seed).to_json()) for seed in range(300)) < 1500


def test_the_picture_is_left_alone_and_the_result_is_eight_bit():
    hr = photo()
    before = hr.clone()
    lr = presets.real_esrgan(4).sample(3).apply(hr)
    assert torch.equal(hr, before)
    assert torch.equal((lr * 255).round() / 255, lr)
    assert lr.shape == (1, 3, 16, 12) and lr.dtype == torch.float32


@pytest.mark.parametrize("operations", [(), (Resize(factor=1.0),)])
def test_a_trace_of_nothing_gives_a_copy(operations):
    hr = photo()
    lr = Trace(recipe="nothing", seed=0, scale=1, operations=operations).apply(hr)
    assert torch.equal(lr, hr) and lr.data_ptr() != hr.data_ptr()


def test_stages_end_with_what_apply_gives():
    trace, hr = presets.real_esrgan(2).sample(5), photo()
    stages = list(trace.stages(hr))
    assert [operation for operation, _ in stages] == list(trace.operations)
    assert torch.equal(stages[-1][1], trace.apply(hr))


def test_a_trace_fits_another_photo():
    trace = presets.real_esrgan(4).sample(1)
    assert trace.apply(photo(80, 120)).shape == (1, 3, 20, 30)


def test_replace_changes_one_operation():
    trace = Trace(recipe="two", seed=0, scale=1, operations=(Jpeg(quality=90), Round()))
    other = trace.replace(0, Jpeg(quality=10))
    assert other.operations == (Jpeg(quality=10), Round())
    assert trace.operations[0] == Jpeg(quality=90)
    with pytest.raises(ParameterError, match="there is no 2"):
        trace.replace(2, Round())


def test_seeds_differ_and_repeat():
    recipe = presets.real_esrgan(4)
    assert recipe.sample(1) == recipe.sample(1)
    assert recipe.sample(1) != recipe.sample(2)


def narrowed(step):
    """The same step with one range a third as wide."""
    for name in ("sigma", "down_range", "quality"):
        if hasattr(step, name):
            low, high = getattr(step, name)
            third = (high - low) / 3 if name != "quality" else (high - low) // 3
            return dataclasses.replace(step, **{name: (low + third, high - third)})
    if isinstance(step, Sometimes):
        return dataclasses.replace(step, steps=(narrowed(step.steps[0]),))
    if isinstance(step, OneOf):
        first, second = step.steps
        jpeg = next(each for each in second.steps if isinstance(each, RandomJpeg))
        inner = tuple(narrowed(each) if each is jpeg else each for each in second.steps)
        return dataclasses.replace(step, steps=(first, Chain(steps=inner)))
    raise AssertionError(step)


@pytest.mark.parametrize("place", range(8))
def test_narrowing_one_steps_range_changes_no_other_draw(place):
    recipe = presets.real_esrgan(4)
    steps = list(recipe.steps)
    assert len(steps) == 8
    steps[place] = narrowed(steps[place])
    other = dataclasses.replace(recipe, steps=tuple(steps))
    changed = 0
    for seed in range(60):
        before, after = recipe.sample(seed).operations, other.sample(seed).operations
        assert [type(operation) for operation in before] == [type(each) for each in after]
        differing = {
            n for n, pair in enumerate(zip(before, after, strict=True)) if len({*pair}) > 1
        }
        # Which operations of the trace are the narrowed step's.
        lengths = [len(step.sample(spawn(seed, "step", n))) for n, step in enumerate(recipe.steps)]
        first = sum(lengths[:place])
        assert differing <= set(range(first, first + lengths[place]))
        if place == 7:
            assert all(isinstance(before[n], Jpeg) for n in differing)
        changed += bool(differing)
    assert changed > 10


def test_equal_steps_draw_independently():
    noise = RandomNoise(gaussian=1.0, sigma=(0.0, 100.0))
    recipe = Recipe(name="twice", scale=1, steps=(noise, noise))
    drawn = [recipe.sample(seed).operations[:2] for seed in range(800)]
    assert all(first.sigma != second.sigma and first.seed != second.seed for first, second in drawn)
    for name in ("sigma", "seed"):
        pairs = torch.tensor([[getattr(each, name) for each in both] for both in drawn])
        assert abs(float(torch.corrcoef(pairs.double().T)[0, 1])) < 4 / len(drawn) ** 0.5


def test_changing_a_seed_is_the_only_way_to_change_the_noise():
    image = photo()
    weak = GaussianNoise(sigma=2, seed=9).apply(image, (64, 48)) - image
    strong = GaussianNoise(sigma=4, seed=9).apply(image, (64, 48)) - image
    inside = (image > 0.2) & (image < 0.8)
    assert torch.allclose(strong[inside], 2 * weak[inside], atol=1e-5)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("suffix", [".json", ".toml"])
def test_recipes_as_files(preset, suffix, tmp_path):
    recipe = preset(4, sharpen=True)
    save_recipe(recipe, tmp_path / f"recipe{suffix}")
    again = load_recipe(tmp_path / f"recipe{suffix}")
    assert again == recipe
    assert again.sample(11) == recipe.sample(11)


def test_every_step_goes_through_a_file(tmp_path):
    draw = Draw(operation="sinc", values={"size": (7, 9), "cutoff": (1.1, 3.1)})
    steps = (
        RandomBlur(),
        RandomResize(),
        RandomNoise(),
        RandomJpeg(),
        draw,
        Sometimes(probability=0.25, steps=(draw, RandomJpeg())),
        OneOf(steps=(draw, RandomJpeg()), weights=(0.25, 0.75)),
        Chain(steps=(draw,)),
        Shuffle(steps=(draw, RandomBlur())),
    )
    assert {type(step) for step in steps} == set(STEPS.values())
    recipe = Recipe(name="all", scale=2, steps=steps)
    for name in ("a.json", "a.toml"):
        save_recipe(recipe, tmp_path / name)
        assert load_recipe(tmp_path / name) == recipe


def some_value(field):
    """A value that the field takes."""
    if field.kind == "bool":
        return True
    return field.options[0] if field.options else min(max(1, field.span.low), field.span.high)


def test_every_operation_has_a_name_and_goes_through_json():
    for name, cls in OPERATIONS.items():
        required = [field for field in fields_of(cls) if field.required]
        values = {field.name: some_value(field) for field in required}
        operation = cls(**values)
        data = json.loads(json.dumps(operation_to_dict(operation)))
        assert data["operation"] == name and operation_from_dict(data) == operation


def test_the_schema_names_every_step_and_field():
    schema = recipe_schema()
    for name, cls in STEPS.items():
        properties = schema["$defs"][name]["properties"]
        assert set(properties) == {"step"} | {field.name for field in dataclasses.fields(cls)}
    assert json.loads(json.dumps(schema)) == schema


def recipe_text(**changes):
    data = {"recipe": "x", "version": VERSION, "scale": 4, "steps": [{"step": "random_jpeg"}]}
    return json.dumps({**data, **changes})


def drawing(operation, values):
    """A recipe of one Draw."""
    return {"steps": [{"step": "draw", "operation": operation, "values": values}]}


BOTH = ["reference", "size"]


def chained(depth):
    """Chains in chains."""
    steps = []
    for _ in range(depth):
        steps = [{"step": "chain", "steps": steps}]
    return steps


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": [{"step": "random_jpg"}]}, ["random_jpg", "random_jpeg"]),
        ({"steps": [{"step": "random_jpeg", "qualty": [30, 95]}]}, ["qualty", "quality"]),
        ({"steps": [{"step": "random_jpeg", "quality": [0, 95]}]}, ["between 1 and 100"]),
        ({"steps": [{"step": "random_jpeg", "quality": [95, 30]}]}, ["the lower first"]),
        ({"steps": [{"step": "random_resize", "up": 0.5}]}, ["sum to 1, got 1.3"]),
        ({"steps": [{"step": "draw", "operation": "sync"}]}, ["sync", "sinc"]),
        (
            {"steps": [{"step": "draw", "operation": "sinc", "values": {"cutof": 1}}]},
            ["cutof", "cutoff"],
        ),
        (
            {"steps": [{"step": "draw", "operation": "jpeg", "values": {"quality": [0, 50]}}]},
            ["between 1 and 100, got 0"],
        ),
        (
            {"steps": [{"step": "sometimes", "probability": 2, "steps": []}, {"step": "blr"}]},
            ["Sometimes.probability", "blr"],
        ),
        (drawing("jpeg", [1, 2]), ["values must be a table of fields, got [1, 2]"]),
        (drawing("jpeg", {"quality": []}), ["quality has nothing to choose from"]),
        (drawing("jpeg", {"quality": ["a", "b"]}), ["Jpeg.quality", "between 1 and 100, got 'a'"]),
        (drawing("jpeg", {"quality": [95, 30]}), ["quality must be two numbers, the lower first"]),
        (drawing("jpeg", {"quality": [50, 500, 60]}), ["between 1 and 100, got 500"]),
        (drawing("jpeg", {"operation": "round", "quality": 5}), ['field "operation" is unknown']),
        (drawing("sinc", {"size": [7, 8, 9], "cutoff": 1}), ["size must be odd", "got 8"]),
        (drawing("gaussian_noise", {"sigma": 1, "seed": 10**400}), ["whole number", "..."]),
        (
            drawing("resize", {"factor": 1, "antialias": [False, True], "standard": BOTH}),
            ["antialias needs"],
        ),
        ({"steps": chained(100)}, ["nested more than"]),
        ({"scale": 10**400}, ["Recipe.scale", "..."]),
        ({"version": {}}, ["version {}"]),
        (
            {
                "scale": 9,
                "steps": [
                    {"step": "jpeg", "quality": 40},
                    {"step": "random_jpeg", "qualty": 3, "quality": [0, 5], "standard": "x"},
                    {"step": "sometimes", "probability": 2, "steps": [{"step": "blr"}]},
                ],
            },
            [
                "Recipe.scale must be",
                'did you mean "random_jpeg"?',
                'The operation "jpeg" with fixed numbers is step "draw"',
                '"qualty"',
                "RandomJpeg.quality must be",
                "RandomJpeg.standard must be",
                "Sometimes.probability must be",
                '"blr"',
            ],
        ),
        ({"scale": 9}, ["scale", "between 1 and 8"]),
        ({"stepz": []}, ["stepz", "steps"]),
        ({"version": 0}, ["version 0", "replays version 1"]),
        ({"steps": "random_jpeg"}, ["list"]),
        ({"steps": [3]}, ["step"]),
    ],
)
def test_a_bad_recipe_is_refused_with_what_is_right(changes, words):
    with pytest.raises(ConfigError) as refusal:
        Recipe.from_json(recipe_text(**changes))
    assert refusal.value.code == "E404"
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ('{"trace": "x",\n "seed": 0,\n}', "not JSON: line 3|not JSON: line 2"),
        ("[]", "no trace"),
        (recipe_text(), "no trace"),
        ('{"trace": "x", "seed": 0, "scale": 4}', 'lacks "operations"'),
        ('{"trace":"x","seed":0,"scale":4,"operations":3}', "operations must be a list"),
        (f'{{"trace":"x","seed":{10**400},"scale":4,"operations":[]}}', "Trace.seed"),
        ("[" * 3000 + "]" * 3000, "nested more than|no trace"),
        ('{"trace":"x","version":7,"seed":0,"scale":4,"operations":[]}', "version 7"),
        ('{"trace":"x","seed":0,"scale":4,"operations":[{"operation":"jpeg"}]}', 'lacks "quality"'),
    ],
)
def test_a_bad_trace_is_refused(text, words):
    with pytest.raises(ConfigError, match=words) as refusal:
        Trace.from_json(text)
    assert refusal.value.code == "E404"


def test_no_depth_of_steps_is_too_much_to_be_refused():
    deep = '{"step": "chain", "steps": [' * 3000 + "]}" * 3000
    for text in (f'{{"recipe": "x", "scale": 4, "steps": [{deep}]}}', deep):
        with pytest.raises(ConfigError, match="nested more than"):
            Recipe.from_json(text)
    assert Recipe.from_json(recipe_text(steps=chained(30))).sample(0)


def test_the_largest_seed_is_one():
    noise = GaussianNoise(sigma=1, seed=2**63 - 1)
    assert noise.seed == 2**63 - 1 and operation_from_dict(operation_to_dict(noise)) == noise
    with pytest.raises(ParameterError, match="got 9223372036854775808"):
        GaussianNoise(sigma=1, seed=2**63)


def test_things_that_are_no_lists_are_refused():
    for make in (Recipe, Trace):
        things = {"name": "x", "steps": 3} if make is Recipe else {"recipe": "x", "operations": 3}
        with pytest.raises(ParameterError, match="must be a list, got 3"):
            make(**things, scale=1, **({} if make is Recipe else {"seed": 0}))


def test_a_bad_file_is_named(tmp_path):
    (tmp_path / "deep.toml").write_text("recipe = " + "[" * 3000 + "]" * 3000)
    with pytest.raises(ConfigError, match=r"deep\.toml.*(nested more than|not TOML)"):
        load_recipe(tmp_path / "deep.toml")
    (tmp_path / "mine.toml").write_text("recipe = ")
    with pytest.raises(ConfigError, match=r"mine\.toml.*not TOML"):
        load_recipe(tmp_path / "mine.toml")
    with pytest.raises(ConfigError, match=r"absent\.json is not there"):
        load_recipe(tmp_path / "absent.json")
    with pytest.raises(ConfigError, match=r"\.json or a \.toml"):
        save_recipe(presets.real_esrgan(4), tmp_path / "recipe.yml")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Blur(size=7, sigma_x=-1.0, sigma_y=1.0), "Blur.sigma_x must be a number between"),
        (lambda: Blur(size=8, sigma_x=1.0, sigma_y=1.0), "size must be odd"),
        (lambda: Blur(shape="box", size=7, sigma_x=1.0, sigma_y=1.0), "one of gaussian"),
        (lambda: Jpeg(quality=0), "between 1 and 100, got 0"),
        (lambda: Jpeg(quality=float("nan")), "got nan"),
        (lambda: Jpeg(quality="80"), "got '80'"),
        (lambda: GaussianNoise(sigma=5, gray=1, seed=0), "true or false"),
        (lambda: GaussianNoise(sigma=5, seed=0.5), "a whole number"),
        (lambda: Resize(factor=0), "between 0.005 and 16"),
        (lambda: Resize(factor=0.5, antialias=True, standard="reference"), "antialias needs"),
        (lambda: RandomResize(antialias=True, standard="reference"), "antialias needs"),
        (lambda: RandomNoise(gaussian=1.5), "between 0 and 1"),
        (lambda: RandomBlur(isotropic=0.9), "must sum to 1, got 1.45"),
        (lambda: OneOf(steps=(RandomJpeg(), RandomBlur()), weights=(0.5, 0.6)), "sum to 1"),
        (lambda: OneOf(steps=(RandomJpeg(),), weights=(0.5, 0.5)), "weights must be 1"),
        (lambda: RandomJpeg(quality=(30.2, 30.8)), "hold a whole number"),
        (lambda: Recipe(name="x", scale=0, steps=()), "between 1 and 8"),
        (lambda: Recipe(name="x", scale=1, steps=(Jpeg(quality=3),)), "steps hold steps"),
        (lambda: Trace(recipe="x", seed=0, scale=1, operations=(RandomJpeg(),)), "operations hold"),
        (lambda: presets.real_esrgan(9), "1 to 8"),
        (lambda: presets.real_esrgan(4, orders=0), "orders"),
    ],
)
def test_bad_values_get_one_sentence(make, words):
    with pytest.raises(ParameterError, match=words) as refusal:
        make()
    assert refusal.value.code == "E004"
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("hr", "code", "words"),
    [
        (torch.zeros(1, 3, 4, 2), "E003", "2x4, too small for scale 4"),
        (torch.zeros(1, 3, 10, 8), "E003", "multiples of the scale 4. Crop it to 8x8"),
        (torch.zeros(1, 3, 0, 8), "E003", "no pixels"),
        (torch.full((1, 3, 8, 8), float("nan")), "E111", "192 values that are not finite"),
        (torch.full((1, 3, 8, 8), 128.0), "E002", "between 0 and 1, got 128"),
        (torch.full((1, 3, 8, 8), 3e38), "E002", "between 0 and 1, got 3e+38"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.float64), "E002", "float32"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "E002", "float32"),
        (torch.zeros(3, 8, 8), "E002", "(N, 3, height, width)"),
        (torch.zeros(1, 4, 8, 8), "E002", "(N, 3, height, width)"),
        (None, "E002", "NoneType"),
    ],
)
def test_bad_pictures_get_one_sentence(hr, code, words):
    trace = presets.real_esrgan(4).sample(0)
    with pytest.raises((ParameterError, PictureError)) as refusal:
        trace.apply(hr)
    assert refusal.value.code == code
    assert words in str(refusal.value)


def test_orders_and_sharpening():
    def kinds(recipe):
        return [type(step).__name__ for step in recipe.steps]

    first = ["RandomBlur", "RandomResize", "RandomNoise"]
    later = ["Sometimes", "RandomResize", "RandomNoise"]
    assert kinds(presets.real_esrgan(4, orders=1)) == [*first, "OneOf"]
    assert kinds(presets.real_esrgan(4)) == [*first, "RandomJpeg", *later, "OneOf"]
    third = [*first, "RandomJpeg", *later, "RandomJpeg", *later, "OneOf"]
    assert kinds(presets.real_esrgan(4, orders=3)) == third
    sharpened = presets.real_esrgan(4, sharpen=True).sample(0)
    assert type(sharpened.operations[0]).__name__ == "UnsharpMask"
