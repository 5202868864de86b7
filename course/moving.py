"""Sliders, where a front-end can show them."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any


def can_move() -> bool:
    """Whether a person is at a notebook that shows widgets.

    ``REALESR_PLAIN=1`` says that nobody is: the book is built, or a test runs.
    """
    if os.environ.get("REALESR_PLAIN") == "1" or "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    at_kernel = getattr(get_ipython(), "kernel", None) is not None
    return at_kernel and importlib.util.find_spec("ipywidgets") is not None


def explore(draw: Callable[..., Any], **ranges: Any) -> None:
    """Let sliders call a function that gives a figure; without widgets nothing happens.

    Always stands beside a figure that shows several values at once, for readers without sliders.

    Args:
        draw: Called with a value for each name; shows what it returns.
        **ranges: As for ``ipywidgets.interact``: ``sigma=(0.5, 4.0, 0.5)`` or a list of choices.

    >>> explore(lambda sigma: print(sigma), sigma=(0.5, 4.0, 0.5))
    """
    if can_move():
        import ipywidgets

        ipywidgets.interact(draw, **ranges)
