"""The journal: every line whole, a resume that forgets what was not saved, TensorBoard alike."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realesr.train.journal import NAME, Journal

ROOT = Path(__file__).resolve().parents[2]
steps = st.lists(st.integers(0, 40), max_size=12).map(sorted)


def write(output, numbers, *, first_step=0):
    with Journal(output, tensorboard=False, first_step=first_step) as journal:
        for step in numbers:
            journal.write(step, "train", {"loss": step / 3, "note": "größer\nals 1"})


def test_a_line_holds_what_was_written(tmp_path):
    with Journal(tmp_path, tensorboard=False, first_step=0) as journal:
        journal.write(
            7, "train", {"loss": 0.25, "pictures": 16, "best": math.nan, "rate": math.inf}
        )
        journal.write(7, "alarm", {"code": "W511", "sentence": "Farben: grün."})
        # The file is read while it is still open, as somebody watching does.
        train, alarm = Journal.read(tmp_path)
    assert train.pop("time") > 1.7e9
    expected = {"loss": 0.25, "pictures": 16, "best": None, "rate": None}
    assert train == {"step": 7, "kind": "train"} | expected
    assert alarm["sentence"] == "Farben: grün."
    for line in (tmp_path / NAME).read_text("utf-8").splitlines():
        json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def test_nothing_to_read_is_an_empty_list(tmp_path):
    assert Journal.read(tmp_path) == []


@given(written=steps, kept=st.integers(0, 45), later=steps)
def test_a_resume_keeps_what_the_state_knows(tmp_path_factory, written, kept, later):
    output = tmp_path_factory.mktemp("run")
    write(output, written)
    write(output, [kept + step + 1 for step in later], first_step=kept)
    stays = [step for step in written if kept and step <= kept]
    assert [line["step"] for line in Journal.read(output)] == stays + [
        kept + step + 1 for step in later
    ]


@given(written=steps, share=st.floats(0, 1))
def test_a_torn_line_is_dropped_and_the_next_one_stays_whole(tmp_path_factory, written, share):
    output = tmp_path_factory.mktemp("run")
    write(output, written)
    data = (output / NAME).read_bytes()
    cut = data[: int(len(data) * share)]
    (output / NAME).write_bytes(cut)
    # A line whose newline alone is missing says everything.
    whole = cut.count(b"\n") + (cut[-1:] == b"}")
    assert [line["step"] for line in Journal.read(output)] == written[:whole]
    write(output, [41], first_step=40)
    assert [line["step"] for line in Journal.read(output)] == [*written[:whole], 41]


def test_lines_that_are_no_lines_are_passed_over(tmp_path):
    (tmp_path / NAME).write_text('[1]\n{"step": "a", "kind": "x"}\n\n{"step": 3, "kind": "x"}\n')
    assert Journal.read(tmp_path) == [{"step": 3, "kind": "x"}]


FULL = """
import resource, sys
from realesr.train.journal import Journal
journal = Journal(sys.argv[1], tensorboard=False, first_step=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for step in range(100):
    journal.write(step, "train", {"loss": 0.5})
"""


def test_a_full_disk_stops_with_a_sentence_and_what_was_written_stays(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "E503 metrics.jsonl could not be written: file too large. Make room" in last
    kept = [line["step"] for line in Journal.read(tmp_path)]
    assert len(kept) > 10 and kept == list(range(len(kept)))


def events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def test_tensorboard_shows_the_same_and_hides_what_a_resume_repeats(tmp_path):
    with Journal(tmp_path, tensorboard=True, first_step=0) as journal:
        for step in range(1, 6):
            journal.write(step, "train", {"loss": 1.0 / step})
        journal.write(5, "alarm", {"sentence": "Colours drift."})
    with Journal(tmp_path, tensorboard=True, first_step=3) as journal:
        journal.write(4, "train", {"loss": 40.0})
    shown = events(tmp_path / "tensorboard")
    losses = [(event.step, event.value) for event in shown.Scalars("train/loss")]
    assert losses == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3)), (4, 40.0)]
    assert [line["step"] for line in Journal.read(tmp_path)] == [1, 2, 3, 4]


def test_without_tensorboard_there_is_no_folder(tmp_path):
    write(tmp_path, [1])
    assert not (tmp_path / "tensorboard").exists()
