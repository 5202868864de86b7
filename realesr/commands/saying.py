"""Sentences for a person, on standard error; light enough to be said while a program starts."""

from __future__ import annotations

import contextlib
import re
import sys

from realesr.hub.leaks import hidden

# Control characters, halves of characters, and marks that turn the direction of a line: a file's
# name may hold them, a terminal should not obey them.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""A text on one line: what is no visible character written out, secrets taken out.

    >>> print(printable("two\nlines.png"))
    two\nlines.png
    """
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], hidden(text))


def say(sentence: str) -> None:
    """A remark for a person, on standard error so that standard output stays clean."""
    show(printable(sentence) + "\n")


def show(text: str) -> None:
    """The same for text that moves the cursor; where nobody can be told, the work goes on."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()
