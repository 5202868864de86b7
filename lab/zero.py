"""A GPU that is lent for seconds (ZeroGPU), and the same code where there is none.

Hugging Face lends a Space a GPU for one call at a time, in a process made for it, and takes the
seconds that were *announced* from the visitor's share of the day: so each job says how long it will
take. Everywhere else nothing here changes anything.

Reference: huggingface.co/docs/hub/spaces-zerogpu; the package ``spaces`` 0.51.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from realesr.errors import RealesrError

SHORTEST, LONGEST = 5, 60  # seconds; a visitor without an account has two minutes a day
_START = 3.0  # seconds until the network is on the lent GPU
_MULTIPLICATIONS_A_SECOND = 5e12  # a third of what was measured on such a card in 16 bit

Given = ParamSpec("Given")
Step = TypeVar("Step")
Made = TypeVar("Made")


@dataclass(frozen=True)
class _Ended:
    """What the work came to: the value a generator returns is not carried between processes."""

    made: Any


@dataclass(frozen=True)
class _Refused:
    """A refusal with its code: any other exception arrives without its words."""

    error: RealesrError


def is_lent() -> bool:
    """Whether GPUs are lent to this program."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def announced(parameters: int, pixels: float) -> int:
    """The seconds to announce for a network run over a picture.

    Args:
        parameters: Of the network; each meets every pixel once.
        pixels: That the network meets, in all its passes.

    >>> announced(16_700_000, 512 * 512), announced(16_700_000, 16_000_000)
    (5, 57)
    """
    work = _START + 1.0 * parameters * pixels / _MULTIPLICATIONS_A_SECOND
    return max(SHORTEST, min(LONGEST, math.ceil(work)))


def on_lent_gpu(
    work: Callable[Given, Generator[Step, None, Made]], seconds: Callable[Given, int]
) -> Callable[Given, Generator[Step, None, Made]]:
    """The same work, done on a lent GPU where there are such.

    Args:
        work: A generator function; what it is given, yields and returns goes from one process to
            another.
        seconds: How long it will take, from what it is given.
    """
    try:
        from spaces import GPU
    except ImportError:
        return work

    def there(*values: Given.args, **named: Given.kwargs) -> Generator[Any, None, None]:
        try:
            made = yield from work(*values, **named)
        except RealesrError as error:
            yield _Refused(error)
        else:
            yield _Ended(made)

    lent = GPU(duration=seconds)(there)

    def here(*values: Given.args, **named: Given.kwargs) -> Generator[Step, None, Made]:
        for told in lent(*values, **named):
            if isinstance(told, _Refused):
                raise told.error
            if isinstance(told, _Ended):
                made: Made = told.made
                return made
            yield told
        raise RealesrError("E901", "a lent GPU was taken away.", "Try again.")

    return here
