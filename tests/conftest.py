"""What every test shares: golden arrays, shared folder and GPU where they are, the skip rule."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
settings.register_profile("realesr", deadline=None)
settings.load_profile("realesr")

# Who starts the tests in the background of a shell hands Ctrl-C down as ignored, to children too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of arrays made by running the reference implementation."""
    return GOLDEN


@pytest.fixture(scope="session")
def shared() -> Path:
    """The team's shared folder beside the project; the test skips where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(
            "the team's shared folder (official weights, pictures) is not beside the project"
        )
    return folder


@pytest.fixture(scope="session")
def cuda() -> str:
    """A graphics card to compare with; the test skips where there is none."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return "cuda"


# What a machine may lack without a test being at fault, by the fixture that asks for it.
MAY_LACK = {"shared", "cuda", "spandrel"}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """With REALESR_NO_SKIP=1 a skipped browser or parity test is a failure."""
    outcome = yield
    report = outcome.get_result()
    strict = os.environ.get("REALESR_NO_SKIP") == "1"
    if strict and report.skipped and not hasattr(report, "wasxfail"):
        if not MAY_LACK.intersection(getattr(item, "fixturenames", ())):
            report.outcome = "failed"
            report.longrepr = f"skipped although REALESR_NO_SKIP=1: {report.longrepr}"
