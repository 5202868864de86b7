"""Alarms: what they measure, when they speak, and that they stay silent on what is well."""

from __future__ import annotations

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from realesr.errors import ModelError
from realesr.models.loading import load_model
from realesr.models.unet_discriminator import UNetDiscriminator
from realesr.train.alarms import Alarms, Limits
from realesr.train.objectives import opinion
from realesr.train.symptoms import colour_drift, grid_strength
from realesr.train.validation import FixedPair, Validation, restore
from tests.train.watched import SCALE, checkerboard, learn, network, small_pairs


@pytest.fixture(scope="module")
def pairs() -> list[FixedPair]:
    return small_pairs()


def bicubic(pairs):
    return [pair.bicubic for pair in pairs]


def codes(notices):
    return [notice.code for notice in notices]


# What is measured -------------------------------------------------------------------------------


def test_the_truth_and_plain_enlargement_have_neither_grid_nor_drift(pairs):
    for outputs in ([pair.hr for pair in pairs], bicubic(pairs)):
        assert grid_strength(pairs, outputs) < 0.1
        assert colour_drift(pairs, outputs)[0] < 0.3


def test_the_bundled_model_has_neither_grid_nor_drift(pairs):
    outputs = restore(load_model("lab-x4-fidelity").network, pairs)
    assert grid_strength(pairs, outputs) < 0.5
    assert colour_drift(pairs, outputs)[0] < 1


@settings(max_examples=25)
@given(
    levels=st.floats(4, 60),
    down=st.integers(0, 3),
    across=st.integers(0, 3),
    scale=st.sampled_from([2, 3, 4]),
)
def test_a_grid_is_measured_in_levels_wherever_it_lies(levels, down, across, scale):
    gray = torch.full((1, 3, 72, 96), 0.5)
    pair = FixedPair("gray", gray, gray[:, :, ::scale, ::scale])
    output = gray.clone()
    output[:, :, down % scale :: scale, across % scale :: scale] += levels / 255
    share = 1 / scale**2
    expected = levels * math.sqrt(share * (1 - share))
    assert grid_strength([pair], [output]) == pytest.approx(expected, rel=0.01)


def test_noise_and_texture_are_no_grid(pairs):
    generator = torch.Generator().manual_seed(0)
    noisy = [p.hr + torch.randn(p.hr.shape, generator=generator) * 25 / 255 for p in pairs]
    assert grid_strength(pairs, noisy) < 0.5
    stripes = [p.hr.clone() for p in pairs]
    for each in stripes:
        each[:, :, ::5] += 0.1
    assert grid_strength(pairs, stripes) < 1


def test_a_grid_that_depends_on_the_picture_is_seen_too(pairs):
    outputs = [pair.bicubic * (1 + checkerboard(pair, 40)) for pair in pairs]
    assert grid_strength(pairs, outputs) > 2


def test_at_scale_one_there_is_no_grid():
    gray = torch.full((1, 3, 32, 32), 0.5)
    assert grid_strength([FixedPair("gray", gray, gray)], [gray + 0.1]) == 0


@given(
    red=st.floats(-12, 12),
    green=st.floats(-12, 12),
    blue=st.floats(-12, 12),
)
@settings(max_examples=25)
def test_drift_is_the_worst_colours_shift_in_levels(red, green, blue):
    gray = torch.full((1, 3, 32, 32), 0.5)
    pair = FixedPair("gray", gray, gray[:, :, ::4, ::4])
    tint = torch.tensor([red, green, blue]).view(1, 3, 1, 1) / 255
    drift, words = colour_drift([pair], [gray + tint])
    assert drift == pytest.approx(max(map(abs, (red, green, blue))), abs=0.01)
    assert words.startswith("red ") and ", green " in words


def test_what_the_input_already_was_is_not_the_networks_fault(pairs):
    dark = [FixedPair(p.name, p.hr, p.lr * 0.7) for p in pairs]
    assert colour_drift(dark, bicubic(dark))[0] < 0.3
    assert colour_drift(dark, bicubic(pairs))[0] == 0


# When they speak, on recorded series ------------------------------------------------------------


def tinted(pairs, levels):
    return [pair.bicubic + levels / 255 for pair in pairs]


def tell(alarms, pairs, series, make):
    """The looks, by number, at which something was told."""
    told = {}
    for look, value in enumerate(series):
        for notice in alarms.pictures(100 * look, pairs, make(pairs, value)):
            told[look] = notice
    return told


def gridded(pairs, levels):
    return [pair.bicubic + checkerboard(pair, levels) for pair in pairs]


def test_colours_that_leave_are_told_once_with_what_was_measured(pairs):
    told = tell(Alarms(), pairs, [1, 1, 2, 9, 9, 12, 14], tinted)
    assert list(told) == [4]
    sentence = told[4].sentence
    assert told[4].code == "W511"
    assert "at step 400" in sentence and "red +" in sentence and "it was " in sentence
    assert "at step 0" in sentence and "optimiser.learning_rate" in sentence
    # Best may be step 0, and a recipe may make the pairs: no advice that is of no use then.
    assert "best/" not in sentence and "if one was better than the start" in sentence
    assert "files of your own (data.lr)" in sentence


def test_one_odd_look_is_no_drift(pairs):
    assert not tell(Alarms(), pairs, [1, 1, 9, 1, 1, 9, 1], tinted)


def test_colours_that_are_wrong_from_the_start_may_come_right(pairs):
    assert not tell(Alarms(), pairs, [60, 40, 25, 15, 9, 5, 3, 2, 1], tinted)


def test_colours_that_are_wrong_from_the_start_and_stay_are_told(pairs):
    told = tell(Alarms(), pairs, [20] * 9, tinted)
    assert [notice.code for notice in told.values()] == ["W511"]
    assert "has not fallen since step" in next(iter(told.values())).sentence


def test_after_a_trouble_has_gone_it_is_told_again(pairs):
    alarms = Alarms(limits=Limits(looks=3))
    series = [1, 9, 9, 9, 1, 9, 9, 1, 1, 1, 9, 9]
    assert list(tell(alarms, pairs, series, tinted)) == [2, 11]


def test_a_grid_that_grows_is_told(pairs):
    told = tell(Alarms(), pairs, [0, 0, 20, 20, 20], gridded)
    assert [(look, notice.code) for look, notice in told.items()] == [(3, "W512")]
    assert "checkerboard of 4 px" in told[3].sentence


def test_a_grid_that_fades_is_not_told(pairs):
    assert not tell(Alarms(), pairs, [60, 40, 25, 12, 6, 3, 1, 0], gridded)


def test_pictures_that_are_not_numbers_are_told(pairs):
    alarms = Alarms(limits=Limits(looks=2))
    broken = bicubic(pairs)
    broken[1] = broken[1] * math.nan
    assert codes(alarms.pictures(1, pairs, broken)) == ["W516"]
    assert alarms.pictures(2, pairs, broken) == []
    assert alarms.active == ("W516",)
    for look in (3, 4):
        assert alarms.pictures(look, pairs, bicubic(pairs)) == []
    assert alarms.active == ()


@pytest.mark.parametrize(("kind", "real", "fake"), [("vanilla", 0.98, 0.02), ("hinge", 0.75, 0.25)])
def test_a_discriminator_that_has_won_for_a_while_is_told(kind, real, fake):
    alarms = Alarms(gan=kind)
    told = [alarms.opinions(step, real, fake) for step in range(8)]
    assert [codes(each) for each in told] == [[]] * 4 + [["W513"]] + [[]] * 3
    assert f"{real:.0%}" in told[4][0].sentence and "gan.learning_rate" in told[4][0].sentence


def test_a_discriminator_that_only_leads_is_not_told():
    alarms = Alarms(gan="vanilla")
    for step in range(50):
        leads = 0.97 if step % 5 else 0.7
        assert alarms.opinions(step, leads, 0.03) == []


def test_a_step_that_is_no_number_is_told_once_in_a_while():
    alarms = Alarms()
    broken = (4, 6, 7, 20)
    told = [alarms.numbers(n, n not in broken, pictures="3, 17") for n in range(1, 22)]
    assert [step for step, each in enumerate(told, 1) if each] == [4, 20]
    assert "step 4 (pictures 3, 17) was not a number; that step" in told[3][0].sentence


def test_nothing_but_broken_steps_stop_the_run_and_name_the_last_good_state():
    alarms = Alarms(limits=Limits(broken=3))
    for step in (811, 812):
        alarms.numbers(step, False)
    with pytest.raises(ModelError) as stopped:
        alarms.numbers(813, False, pictures="5", last_good="step-000800")
    text = str(stopped.value)
    assert text.startswith("E504 ") and "step 813 (pictures 5)" in text
    assert "step-000800" in text and "optimiser.learning_rate" in text


def test_no_gain_over_many_looks_is_told_with_the_best_step():
    alarms = Alarms(limits=Limits(patience=4))
    series = [24.0, 25.0, 25.5, 25.5, 25.51, 25.5, 25.49, 25.5]
    told = [alarms.scores(100 * look, value) for look, value in enumerate(series)]
    assert [codes(each) for each in told] == [[]] * 6 + [["W515"]] + [[]]
    assert "PSNR was 25.5 at step 200" in told[6][0].sentence


@given(st.floats(0.006, 0.5), st.integers(12, 60))
def test_a_slow_steady_gain_is_progress(gain, looks):
    alarms = Alarms()
    assert not [1 for look in range(looks) if alarms.scores(look, 24 + gain * look)]


def test_with_a_discriminator_lpips_decides():
    falling = [alarms_told(Alarms(gan="vanilla"), [(27 - look, None) for look in range(30)])]
    falling += [
        alarms_told(Alarms(gan="vanilla"), [(27 - look, 0.5 - 0.01 * look) for look in range(30)])
    ]
    assert falling == [[], []]
    stuck = alarms_told(Alarms(gan="vanilla"), [(27 + look, 0.3) for look in range(30)])
    assert codes(stuck) == ["W515"] and "LPIPS was 0.3" in stuck[0].sentence


def test_a_score_that_is_no_number_says_nothing_about_progress():
    alarms = Alarms(limits=Limits(patience=2))
    assert alarms_told(alarms, [(24.0, None), (math.nan, None), (25.0, None), (26.0, None)]) == []
    json.loads(json.dumps(alarms.state_dict(), allow_nan=False))


def alarms_told(alarms, series):
    return [n for look, (p, d) in enumerate(series) for n in alarms.scores(look, p, d)]


# Across a resume --------------------------------------------------------------------------------

events = st.lists(
    st.one_of(
        st.tuples(st.just("scores"), st.floats(20, 30)),
        st.tuples(st.just("opinions"), st.sampled_from([0.5, 0.99])),
        st.tuples(st.just("numbers"), st.sampled_from([0.0, 1.0])),
        st.tuples(st.just("pictures"), st.sampled_from([0.0, 9.0, 20.0])),
    ),
    max_size=40,
)


def hear(alarms, pairs, number, event):
    what, value = event
    if what == "scores":
        return alarms.scores(number, round(value))
    if what == "opinions":
        return alarms.opinions(number, value, 0.01)
    if what == "numbers":
        return alarms.numbers(number, bool(value))
    return alarms.pictures(number, pairs, [pair.hr + value / 255 for pair in pairs])


@settings(max_examples=30)
@given(events=events, place=st.integers(0, 40))
def test_a_resume_neither_forgets_nor_repeats(events, place):
    gray = torch.full((1, 3, 32, 32), 0.5)
    pairs = [FixedPair("gray", gray, gray[:, :, ::4, ::4])]
    limits = Limits(patience=3, looks=2, broken=100)
    told, resumed = [], []
    whole = Alarms(gan=None, limits=limits)
    for number, event in enumerate(events):
        told.append(hear(whole, pairs, number, event))
    alarms = Alarms(gan=None, limits=limits)
    for number, event in enumerate(events):
        if number == place:
            state = json.loads(json.dumps(alarms.state_dict()))
            alarms = Alarms(gan=None, limits=limits)
            alarms.load_state_dict(state)
        resumed.append(hear(alarms, pairs, number, event))
    assert resumed == told
    assert alarms.state_dict() == whole.state_dict() and alarms.active == whole.active


# On real networks -------------------------------------------------------------------------------


def watch(built, pairs, targets, steps, *, every=10, rate=3e-3, alarms=None, validation=None):
    """Train and look; the codes that were told."""
    alarms, told = alarms or Alarms(), []
    for step, _ in learn(built, pairs, targets, steps, rate=rate):
        if step % every == 0:
            outputs = restore(built, pairs)
            told += alarms.pictures(step, pairs, outputs)
            if validation:
                told += alarms.scores(step, validation.scores(outputs)["psnr"])
    return codes(told)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_healthy_networks_are_left_alone(pairs, seed):
    truths = [pair.hr for pair in pairs]
    assert watch(network(seed), pairs, truths, 100, validation=Validation(pairs)) == []


def test_a_network_that_learns_tinted_pictures_is_told(pairs):
    tint = torch.tensor([10.0, -4.0, 0.0]).view(1, 3, 1, 1) / 255
    targets = [pair.hr + tint for pair in pairs]
    assert watch(network(from_nearest=True), pairs, targets, 100) == ["W511"]


def test_a_network_that_learns_a_grid_is_told(pairs):
    targets = [pair.hr + checkerboard(pair, 24) for pair in pairs]
    assert watch(network(from_nearest=True), pairs, targets, 100) == ["W512"]


def test_a_network_that_learns_nothing_is_told(pairs):
    truths = [pair.hr for pair in pairs]
    told = watch(network(from_nearest=True), pairs, truths, 15, every=1, rate=0.0,
                 validation=Validation(pairs))  # fmt: skip
    assert told == ["W515"]


def test_a_discriminator_that_wins_over_a_still_generator_is_told(pairs):
    judge = UNetDiscriminator(features=4)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in judge.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.1)
    adam = torch.optim.Adam(judge.parameters(), 5e-3)
    alarms, told = Alarms(gan="vanilla"), []
    for step in range(1, 81):
        pair = pairs[step % len(pairs)]
        real, fake = judge(pair.hr), judge(torch.zeros_like(pair.hr))
        loss = -(real.sigmoid().clamp_min(1e-6).log() + (-fake).sigmoid().clamp_min(1e-6).log())
        adam.zero_grad()
        loss.mean().backward()
        adam.step()
        said = float(opinion(real, "vanilla")), float(opinion(fake, "vanilla"))
        told = alarms.opinions(step, *said)
        if told:
            break
    assert codes(told) == ["W513"] and step > Limits().looks


def test_a_rate_that_is_far_too_high_stops_the_run(pairs):
    built, alarms = network(), Alarms()
    with pytest.raises(ModelError, match="E504"):
        for step, loss in learn(built, pairs, [pair.hr for pair in pairs], 60, rate=1e12):
            alarms.numbers(step, math.isfinite(loss))


def test_scales_agree():
    assert SCALE == small_pairs(64)[0].scale
