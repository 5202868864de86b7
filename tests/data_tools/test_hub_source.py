"""A data set of the Hub as a source: streamed from the stand-in, with what its columns say."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data_tools.building import build
from data_tools.settings import build_from
from realesr.errors import ConfigError
from realesr.hub.local_hub import LocalHub
from tests.data_tools.heaps import contents, kept, photographs


def shard() -> bytes:
    """Photographs in row groups of two, with their licences."""
    held = []
    for pixels in photographs().values():
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG")
        held.append({"bytes": stream.getvalue(), "path": None})
    columns = {"image": held, "license": ["cc0"] * len(held), "author": list(photographs())}
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, row_group_size=2)
    return stream.getvalue()


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with LocalHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.commit("datasets/ann/set", {"data/train-00000-of-00001.parquet": shard()})
        yield hub


def test_it_is_built_from_and_goes_on_after_a_stop(hub, tmp_path):
    plan = build_from({"sources": ["hf://ann/set"]}, ("select.side=100", "shape.crop=112"))
    build(plan, tmp_path / "one")
    rows = kept(tmp_path / "one")
    assert {row["author"] for row in rows.values()} == set(photographs())
    assert {row["licence"] for row in rows.values()} == {"CC0-1.0"}
    assert min(rows) == "hf://ann/set[0][0]"

    def stop(now: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(plan, tmp_path / "two", told=stop)
    # Judged pictures are kept, so that none is fetched again to be shaped.
    assert len(list((tmp_path / "two" / ".build" / "pictures").iterdir())) == len(photographs())
    build(plan, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_one_that_is_not_there_is_told(hub, tmp_path):
    with pytest.raises(ConfigError, match="E404"):
        build(build_from({"sources": ["hf://ann/nothing"]}), tmp_path / "set")
