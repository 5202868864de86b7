"""Licences by their SPDX names, as people write them."""

from __future__ import annotations

import re

from data_tools.items import UNKNOWN

_KNOWN = (
    "0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 "
    "CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 "
    "CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-2.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 GPL-3.0-only "
    "LicenseRef-PublicDomain MIT ODbL-1.0 PDDL-1.0 Unlicense"
).split()
_OTHERS = {
    "": UNKNOWN,
    "none": UNKNOWN,
    "other": UNKNOWN,
    "cc0": "CC0-1.0",
    "cczero": "CC0-1.0",
    "publicdomain": "LicenseRef-PublicDomain",
    "pd": "LicenseRef-PublicDomain",
    "apache2": "Apache-2.0",
}


def spelled(licence: str) -> str:
    """A licence by its SPDX name where it is known by another; else as it was written.

    >>> spelled("cc by 4.0"), spelled("CC0"), spelled("Public domain"), spelled("")
    ('CC-BY-4.0', 'CC0-1.0', 'LicenseRef-PublicDomain', 'unknown')
    """
    bare = _bare(licence)
    for known in _KNOWN:
        if bare == _bare(known):
            return known
    return _OTHERS.get(bare, licence.strip())


def _bare(licence: str) -> str:
    return re.sub(r"[\s_-]+|\blicen[cs]e\b", "", licence.lower())
