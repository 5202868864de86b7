"""Plans: what is decided for which picture, and that a result is never less true than plainly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from realesr import Upscaler
from realesr.errors import ParameterError
from realesr.images import Picture
from realesr.inference.auto import AutoUpscaler
from realesr.inference.auto_plan import NAMES, Plan, make_plan, models_here
from realesr.inference.finishing import Finish
from realesr.quality.backprojection import how_consistent
from realesr.quality.checkup import LEAVE_ALONE, Checkup, Finding, Suggestion, inspect
from tests.pictures import natural

PLAIN = Plan(model="lab-x4")


@pytest.fixture(scope="module")
def prepare() -> Callable[[Plan], Upscaler]:
    def prepared(plan: Plan) -> Upscaler:
        finish = Finish(
            strength=plan.strength,
            fix_colour=plan.fix_colour,
            sharpen=plan.sharpen,
            keep_grain=plan.keep_grain,
        )
        return Upscaler(plan.model, precision="fp32", device="cpu", finish=finish)

    return prepared


def run(auto: AutoUpscaler, picture: Picture, **words: object) -> Picture:
    steps, told = auto.enlarge(picture, **words), []
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            assert told == sorted(told) and told[-1] <= 1
            return end.value
        told.append(step.done / step.total)


def checkup(*models: str, noise: float = 0.0, enlarged: float = 1.0, side: int = 256) -> Checkup:
    findings = {
        "noise": Finding(noise, "levels", 1.0, "Noise."),
        "blur": Finding(0.4 * enlarged, "px", 0.6, "Blurred.", matters=enlarged > 1),
        "enlargement": Finding(enlarged, "times", 0.9, f"It was enlarged {enlarged:g} times."),
    }
    return Checkup(side, side, findings, tuple(Suggestion(name, "It suits.") for name in models))


# -- deciding --------------------------------------------------------------------------------------


def test_every_picture_gets_a_whole_plan():
    for pixels in (natural("coffee", 64, 64), np.zeros((1, 1), np.uint8)):
        plan = make_plan(inspect(pixels), {})
        told = [each.name for each in plan.decisions]
        assert told == [name for name in NAMES if name != "denoise" or plan.denoise is not None]
        assert all(each.sentence and each.by == "auto" for each in plan.decisions)


def test_nothing_overrules_a_person():
    asked = {"shrink": 1.0, "model": "bicubic", "strength": 0.3, "fix_colour": False}
    asked |= {"sharpen": 1.0, "keep_grain": 0.7, "consistent": "off"}
    plan = make_plan(checkup("lab-x4", noise=20, enlarged=3), asked)
    assert {name: getattr(plan, name) for name in asked} == asked
    assert {each.name for each in plan.decisions if each.by == "you"} == set(asked)


@pytest.mark.parametrize(
    ("enlarged", "side", "shrunk"),
    [
        (1.0, 256, 1.0),
        (1.6, 256, 1.0),
        (2.0, 256, 2.0),
        (8.0, 256, 4.0),
        (4.0, 72, 2.25),
        (4.0, 48, 1.0),
    ],
)
def test_what_was_enlarged_is_shrunk_as_far_as_it_goes(enlarged, side, shrunk):
    assert make_plan(checkup("lab-x4", enlarged=enlarged, side=side), {}).shrink == shrunk


def test_what_is_too_sharp_for_it_was_not_enlarged():
    found = checkup("starter-x4", enlarged=3.0)
    sharp = {**found.findings, "blur": Finding(0.5, "px", 0.6, "Sharp.")}
    plan = make_plan(replace(found, findings=sharp), {})
    assert plan.shrink == 1 and "Sharper" in plan.reasons["shrink"]


def test_a_picture_without_faults_is_treated_gently():
    assert make_plan(checkup("starter-x4"), {}).strength < 1
    assert make_plan(checkup("starter-x4", enlarged=2.0), {}).strength == 1


def test_only_models_that_are_here_are_chosen():
    found = checkup("RealESRGAN_x4plus", "lab-x4")
    assert make_plan(found, {}, available=["lab-x4"]).model == "lab-x4"
    assert make_plan(found, {}, available=["RealESRGAN_x4plus"]).model == "RealESRGAN_x4plus"
    assert "lab-x4" in models_here() and "bicubic" in models_here()


@pytest.mark.parametrize(("noise", "denoise"), [(6.0, 0.5), (20.0, 1.0)])
def test_noise_is_for_the_model_that_takes_it_away(noise, denoise):
    pair = ["realesr-general-x4v3", "realesr-general-wdn-x4v3"]
    found = checkup("starter-x4", noise=noise)
    plan = make_plan(found, {}, available=["starter-x4", *pair])
    assert (plan.model, plan.denoise) == (pair[0], denoise)
    # Half of a pair cannot be mixed, and clean pictures have no need of it.
    for available, level in ((["starter-x4", pair[0]], noise), (["starter-x4", *pair], 1.0)):
        found = checkup("starter-x4", noise=level)
        plan = make_plan(found, {}, available=available)
        assert (plan.model, plan.denoise) == ("starter-x4", None)


def test_a_picture_to_leave_alone_meets_no_network():
    assert make_plan(checkup(LEAVE_ALONE, "lab-x4"), {}).model == "lanczos"


def test_a_decision_there_is_not_is_refused():
    with pytest.raises(ParameterError, match=r"E001 .*'strenght'"):
        make_plan(checkup("lab-x4"), {"strenght": 1.0})


# -- doing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sharpen", [1.0, 2.0])
def test_a_result_is_moved_until_it_is_as_true_as_the_plain_one(prepare, sharpen):
    picture = Picture(natural("coffee", 40, 48))
    asked = {"model": "lab-x4", "strength": 1.0, "sharpen": sharpen, "fix_colour": False}
    away = run(AutoUpscaler(prepare, PLAIN, {**asked, "consistent": "off"}), picture)
    auto = run(AutoUpscaler(prepare, PLAIN, asked), picture)
    plain = prepare(PLAIN)(picture.pixels)
    less, true, least = (
        float(how_consistent(each, picture.pixels)) for each in (away.pixels, auto.pixels, plain)
    )
    assert less < least <= true
    # No further than needed: what was decided is still to be seen.
    assert true < least + (3 if sharpen < 2 else 12) and not np.array_equal(auto.pixels, plain)
    assert "Moved towards" in next(d.sentence for d in auto.notices if d.name == "consistent")


def test_fully_consistent_on_demand(prepare):
    picture = Picture(natural("chelsea", 40, 48))
    made = run(AutoUpscaler(prepare, PLAIN, {"consistent": "full"}), picture)
    assert float(how_consistent(made.pixels, picture.pixels)) > 50


@pytest.mark.parametrize("shape", [(40, 33), (33, 40, 2), (40, 40, 4)], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pictures_of_every_kind_keep_theirs(prepare, shape, dtype):
    pixels = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, shape, dtype)
    if len(shape) == 3:
        pixels[..., -1] = np.iinfo(dtype).max
    plan = Plan(shrink=1.5, consistent="plain", reasons={"shrink": "Asked."})
    auto = AutoUpscaler(prepare, PLAIN, {})
    made = run(auto, Picture(pixels, dpi=(72.0, 72.0)), plan=plan)
    assert made.pixels.shape == (4 * shape[0], 4 * shape[1], *shape[2:])
    assert made.pixels.dtype == dtype and made.dpi == (72.0, 72.0)
    if len(shape) == 3:
        assert (made.pixels[..., -1] == np.iinfo(dtype).max).all()


def test_a_result_of_any_size(prepare):
    picture = Picture(natural("coffee", 24, 24))
    auto = AutoUpscaler(prepare, PLAIN, {"shrink": 2.0})
    for size in ((96, 75), (18, 18), (130, 110)):
        assert run(auto, picture, size=size).pixels.shape == (*size, 3)


def test_the_same_plan_does_the_same_as_plainly(prepare):
    """No second run where there is nothing to compare."""
    picture = Picture(natural("coffee", 32, 32))
    plan = replace(PLAIN, consistent="plain")
    made = run(AutoUpscaler(prepare, PLAIN, {}), picture, plan=plan)
    assert np.array_equal(made.pixels, prepare(PLAIN)(picture.pixels))
