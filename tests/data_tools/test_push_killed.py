"""`realesr-data push` ended with kill -9 at any moment: all of a set is seen, or nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from realesr.hub.local_hub import LocalHub
from realesr.randomness import derive
from tests.data_tools.publishing_sets import make_set

NAME, PLACE = "ada/old-maps", "datasets/ada/old-maps"
KILLS = 30
EMPTY = {".gitattributes"}


def start(hub, token, folder):
    command = [sys.executable, "-m", "data_tools", "push", str(folder), "--repo", NAME]
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": token}
    environment |= {"HF_HUB_DISABLE_XET": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, "--yes", "--shard", "1"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def undisturbed(folder):
    """What the Hub holds after a push that nobody stopped, and how long it took."""
    with LocalHub() as hub:
        hub.delay = 0.03
        started = time.monotonic()
        with start(hub, hub.token("ada"), folder) as child:
            told = child.communicate()[1]
        assert child.returncode == 0, told
        return hub.files(PLACE), time.monotonic() - started


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_thirty_kills_end_byte_identical(tmp_path):
    folder = make_set(tmp_path / "maps", count=40, side=160)
    wanted, seconds = undisturbed(folder)
    assert sum(path.startswith("data/") for path in wanted) > 2
    killed = finished = 0
    hub, token = None, ""
    while killed < KILLS:
        if hub is None:
            hub = LocalHub().__enter__()
            hub.delay, token = 0.03, hub.token("ada")
        moment = derive(0, "kill", killed + finished) / 2**63 * seconds * 1.1
        with start(hub, token, folder) as child:
            try:
                child.communicate(timeout=moment)
            except subprocess.TimeoutExpired:
                child.kill()
                killed += 1
                child.communicate()
        seen = hub.files(PLACE) if PLACE in hub.store.repositories else None
        assert seen is None or set(seen) == EMPTY or seen == wanted, "half a set is seen"
        if child.returncode == 0:
            finished += 1
            assert seen == wanted
            assert set(hub.store.repositories[PLACE].branches) == {"main"}
            hub.__exit__(None, None, None)
            hub = None
    if hub is not None:
        with start(hub, token, folder) as child:
            told = child.communicate()[1]
        assert child.returncode == 0, told
        assert hub.files(PLACE) == wanted and not (folder / ".publishing").exists()
        assert set(hub.store.repositories[PLACE].branches) == {"main"}
        hub.__exit__(None, None, None)
