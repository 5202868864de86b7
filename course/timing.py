"""How long a lesson may take: ``QUICK=1`` is for trying out, otherwise it is for learning."""

from __future__ import annotations

import os
from typing import TypeVar

Value = TypeVar("Value")


def quick(short: Value, full: Value) -> Value:
    """The first value with ``QUICK=1`` in the environment, otherwise the second.

    >>> quick(10, 1000) in (10, 1000)
    True
    """
    return short if os.environ.get("QUICK", "0") not in ("", "0") else full
