"""The small worlds of lessons 6 to 10: points, sprites, plates, and the terminal."""

from __future__ import annotations

import pytest
import torch

from course import points
from course.plates import plate
from course.sprites import sprites
from course.terminal import own_hub, terminal
from realesr.errors import ParameterError
from realesr.randomness import spawn


def test_real_points_lie_in_eight_heaps_and_made_ones_in_the_square():
    assert points.heaps(points.ring(2000, spawn(0, "ring"))) == 8
    assert points.heaps(torch.zeros(100, 2)) == 0
    assert points.heaps(torch.tensor([[1.0, 0.0]]).repeat(100, 1)) == 1
    maker = points.column(2, spawn(1, "maker"))
    assert maker(100 * torch.randn(500, 2, generator=spawn(2, "noise"))).abs().max() <= points.EDGE


def test_a_calm_judge_is_nowhere_steeper_than_one():
    free, calm = (points.column(1, spawn(0, "judge"), calm=calm) for calm in (False, True))
    for _ in range(200):  # each call in training mode is a step of the power iteration
        calm(torch.zeros(1, 2))
    assert points.steepest(calm) <= 1.01 < points.steepest(free)
    assert points.opinions(free).shape == (80, 80)


@pytest.mark.parametrize("across", [1, 3])
def test_sprites_are_symmetrical_and_fit_a_scale_of_four(across):
    sheet = sprites(5, across)
    assert sheet.shape == (56 * across, 56 * across, 3)
    figure = sheet[4:52, 4:52]
    assert (figure == figure[:, ::-1]).all()
    assert (sheet == sprites(5, across)).all() and (sheet != sprites(6, across)).any()


def test_plates_of_one_length_have_one_size():
    first, second = plate("B8 DO3", 24), plate("88 0D8", 24)
    assert first.shape == second.shape == (1, 3, 24, 80)
    assert not torch.equal(first, second)


def test_the_terminal_says_what_the_program_says(capsys):
    terminal("realesr models list", since="srcnn-x4", most=1)
    typed, cut_off, more = capsys.readouterr().out.splitlines()[:3]
    assert typed == "$ realesr models list"
    assert cut_off == "..." and more.startswith("... and ")
    terminal("realesr-data verify ada/nothing", own_hub())
    assert "there is no data set ada/nothing" in capsys.readouterr().out
    with pytest.raises(ParameterError):
        terminal("rm -r /")
