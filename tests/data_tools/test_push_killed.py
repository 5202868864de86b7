"""`realesr-data push` ended with kill -9 at any moment: all of a set is seen, or nothing."""

from __future__ import annotations

import time

import pytest

from realesr.hub.local_hub import LocalHub
from realesr.hub.store import Store
from realesr.randomness import derive
from tests.data_tools.forks import Forks
from tests.data_tools.publishing_sets import make_set

NAME, PLACE = "ada/old-maps", "datasets/ada/old-maps"
KILLS = 30
EMPTY = {".gitattributes"}


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_thirty_kills_end_byte_identical(tmp_path):
    folder = make_set(tmp_path / "maps", count=40, side=160)
    words = ["push", folder, "--repo", NAME, "--yes", "--shard", "1"]
    with LocalHub() as hub:
        to = {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token("ada"), "HF_HUB_DISABLE_XET": "1"}
        hub.delay = 0.03
        with Forks(**to) as forks:
            started = time.monotonic()
            assert forks.run(*words) == 0
            seconds = time.monotonic() - started
            wanted = hub.files(PLACE)
            assert sum(path.startswith("data/") for path in wanted) > 2
            hub.store = Store()
            killed = finished = 0
            while killed < KILLS:
                moment = derive(0, "kill", killed + finished) / 2**63 * seconds * 1.1
                code = forks.run(*words, seconds=moment)
                killed += code is None
                seen = hub.files(PLACE) if PLACE in hub.store.repositories else None
                assert seen is None or set(seen) == EMPTY or seen == wanted, "half a set is seen"
                if code is not None:
                    finished += 1
                    assert code == 0
                    check_whole(hub, wanted)
                    # A new Hub at the same address: the next kills are of a push from the start.
                    hub.store = Store()
            assert forks.run(*words) == 0
            check_whole(hub, wanted)
    assert finished and not (folder / ".publishing").exists()


def check_whole(hub, wanted):
    assert hub.files(PLACE) == wanted
    assert set(hub.store.repositories[PLACE].branches) == {"main"}
