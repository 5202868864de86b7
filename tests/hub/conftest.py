"""A Hub on this machine, and the real client told to speak to it."""

from __future__ import annotations

import io
import os

import pytest

from realesr.hub.local_hub import LocalHub
from tests.commands.conftest import realesr, realesr_child

__all__ = ["realesr", "realesr_child"]

# The client reads this when it is imported; the stand-in speaks the protocol without Xet.
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A running Hub; the environment is that of its user ada."""
    from huggingface_hub import constants

    assert constants.HF_HUB_DISABLE_XET, "huggingface_hub was imported before this file was read"
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    with LocalHub() as hub:
        for name, value in hub.environment("ada").items():
            monkeypatch.setenv(name, value)
        yield hub


ABOUT = """
title = "Old maps, four times"
summary = "Enlarges scans of printed maps four times."
purpose = "Scans of printed maps from 150 to 300 dpi."
not_for = "Photographs, and anything where a made-up letter would do harm."
licence = "CC-BY-4.0"
authors = ["Ada Example"]
"""


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A real run of configs/smoke.toml, cut to a few steps, with a person's words beside it."""
    from realesr.train.config_files import read_config
    from realesr.train.run import train

    output = tmp_path_factory.mktemp("published") / "old-maps"
    changes = ["steps=6", "save.every=3", "watch.validate_every=3", "watch.preview_every=3"]
    changes += [f"output={output}", "gan.start_step=2", "watch.log_every=1", "name=old-maps"]
    train(read_config("configs/smoke.toml", changes), stream=io.StringIO())
    (output / "about.toml").write_text(ABOUT, encoding="utf-8")
    return output
