"""A class at work, in short: fifty for forty seconds, then a hundred and fifty within five."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "lab_load.py"


@pytest.mark.slow
def test_no_job_is_lost_nobody_sees_anothers_and_nothing_stays():
    command = [sys.executable, str(PROGRAM), "--quick", "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["lost"] == 0, found["lost_how"]
    assert found["foreign"] == 0 and found["jobs"] > 50
    assert found["burst_jobs"] + found["burst_refused"] == 150 and found["burst_refused"] > 0
    assert found["folders_at_work"] == 0 and found["files_left"] == 0
    assert found["memory_growth_mb"] < 150, "in the first minute caches still fill"
