"""Draw every figure of ``docs/degradations.md``: ``python docs/figures/make_degradations.py``.

It needs no network: the photographs come with scikit-image (astronaut: NASA, public domain;
chelsea: Stefan van der Walt, CC0; coffee: Rachel Michetti, CC0; rocket: SpaceX, CC0); the
pages with letters are drawn here.
"""

from __future__ import annotations

import corrections
import operations
import recipes

if __name__ == "__main__":
    corrections.draw()
    operations.draw()
    recipes.draw()
