"""A Hub on this machine, and the real client told to speak to it."""

from __future__ import annotations

import os

import pytest

from realesr.hub.local_hub import LocalHub

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
