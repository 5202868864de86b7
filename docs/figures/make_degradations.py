"""Draw the figures of ``docs/degradations.md``: ``python docs/figures/make_degradations.py``.

With the name of an operation, such as ``vignette``, it draws that operation's figure alone.

It needs no network: the photographs come with scikit-image (astronaut: NASA, public domain;
chelsea: Stefan van der Walt, CC0; coffee: Rachel Michetti, CC0; rocket: SpaceX, CC0); the
pages with letters are drawn here.
"""

from __future__ import annotations

import sys

import corrections
import operations
import recipes

if __name__ == "__main__":
    if names := sys.argv[1:]:
        operations.draw(names)
    else:
        corrections.draw()
        operations.draw()
        recipes.draw()
