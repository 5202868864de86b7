"""The line a person reads while training: place, pace, time left, and where the time goes."""

from __future__ import annotations

import io

import pytest

from realesr.train.progress import Progress


class Clock:
    """A clock that goes when it is told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(steps, *, stream=None, seconds=0.5, wait=0.1, read=1.0, degrade=3.0, **settings):
    clock = Clock()
    progress = Progress(100, batch_size=8, every=10, stream=stream, clock=clock, **settings)
    for step in range(progress.first_step + 1, progress.first_step + steps + 1):
        clock.now += seconds
        progress.update(step, {"wait": wait, "read": read, "degrade": degrade}, note=f"n{step}")
    return progress, clock


def test_shares_add_up_to_one_and_waiting_is_split_by_what_was_waited_for():
    rates = run(20)[0].rates()
    assert rates["data"] == pytest.approx(0.05)
    assert rates["degradation"] == pytest.approx(0.15)
    assert rates["step"] == pytest.approx(0.8)
    assert rates["looking"] == 0
    assert sum(rates[part] for part in ("data", "degradation", "step", "looking")) == 1
    assert rates["pictures_per_second"] == pytest.approx(16)
    assert rates["seconds_left"] == pytest.approx(40)


def test_looking_aside_is_not_the_steps_time_but_counts_for_the_time_left():
    progress, clock = run(10)
    with progress.aside():
        clock.now += 5.0
    clock.now += 0.5
    progress.update(11, {"wait": 0.1, "read": 1.0, "degrade": 3.0})
    rates = progress.rates()
    assert rates["looking"] == pytest.approx(5 / 10.5)
    assert rates["step"] == pytest.approx(4.4 / 10.5)
    assert rates["seconds_left"] == pytest.approx(89 * 10.5 / 11)
    assert "looking 48 %" in progress.line()


def test_the_pace_is_that_of_the_last_hundred_steps():
    clock = Clock()
    progress = Progress(1000, clock=clock)
    for step in range(1, 301):
        clock.now += 10.0 if step <= 200 else 0.1
        progress.update(step, {})
    assert progress.rates()["pictures_per_second"] == pytest.approx(10)


def test_a_resumed_run_counts_its_own_steps_only():
    progress, _ = run(5, first_step=40)
    assert progress.rates()["pictures_per_second"] == pytest.approx(16)
    assert progress.rates()["seconds_left"] == pytest.approx(55 * 0.5)


def test_before_the_first_step_there_is_a_place_and_no_pace():
    progress = Progress(100, clock=Clock())
    assert progress.rates() == {}
    assert progress.line() == "step 0/100 (0 %)"


def test_waiting_longer_than_the_step_took_stays_a_share():
    rates = run(3, seconds=0.5, wait=0.7)[0].rates()
    assert rates["data"] + rates["degradation"] == pytest.approx(1)
    assert rates["step"] == 0


def test_in_a_file_a_line_comes_every_so_often():
    stream = io.StringIO()
    run(25, stream=stream)
    lines = stream.getvalue().splitlines()
    assert [line.split(" ")[1] for line in lines] == ["10/100", "20/100"]
    assert lines[0].endswith("| n10")
    assert "\r" not in stream.getvalue()


def test_the_last_step_has_its_line():
    stream = io.StringIO()
    clock = Clock()
    Progress(3, stream=stream, clock=clock).update(3, {})
    assert stream.getvalue().startswith("step 3/3 (100 %)")


def test_on_a_terminal_one_line_is_rewritten_and_not_too_often():
    stream = Terminal()
    progress, _ = run(100, stream=stream, seconds=0.05, wait=0.0)
    progress.close()
    lines = stream.getvalue().split("\r\x1b[K")
    assert "\n" not in "".join(lines)[:-1]
    assert 20 <= len(lines) - 1 <= 30
    assert lines[-1].startswith("step 100/100")


def test_a_sentence_does_not_tear_the_line():
    stream = Terminal()
    progress, _ = run(1, stream=stream)
    progress.say("W511 Colours drift.")
    assert stream.getvalue().endswith("\r\x1b[KW511 Colours drift.\n")


def test_without_a_stream_nothing_is_written(capfd):
    progress, _ = run(100)
    progress.say("a sentence")
    progress.close()
    assert capfd.readouterr() == ("", "")
