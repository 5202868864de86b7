"""Reading back from a file what was said of it."""

from __future__ import annotations

import os
from typing import Any

from realesr.gate import Limits
from realesr.images.packets import read_packet
from realesr.images.xmp import BadXmpError, properties
from realesr.provenance.record import Provenance, from_properties, source_word


def read(path: str | os.PathLike[str], limits: Limits | None = None) -> Provenance | None:
    """What a picture says of how it was made, where realesr made it.

    The picture is not decoded. Anybody can write or take away metadata: it is a statement, no
    proof.

    Args:
        path: A PNG, JPEG, WebP, TIFF, AVIF or GIF file.
        limits: What is too large.

    Returns:
        None where it says nothing.

    Raises:
        PictureError: As ``inspect_header``, for what is no picture.
    """
    return from_packet(read_packet(path, limits))[0]


def from_packet(packet: bytes | None) -> tuple[Provenance | None, str]:
    """The same of an XMP packet, such as ``Picture.xmp``.

    Returns:
        What realesr said, and IPTC's word for how the picture came to be, whoever wrote it; None
        and empty where there is none.
    """
    try:
        found = properties(packet) if packet else {}
    except BadXmpError:
        found = {}
    return from_properties(found), source_word(found)


def settings_from(provenance: Provenance) -> dict[str, Any]:
    """Every setting of the run that made a result, those left at their defaults too.

    >>> settings_from(Provenance(model="lab-x4", settings={"scale": 3.0}))["strength"]
    1.0
    """
    from realesr.provenance.stamping import DEFAULTS

    return {"model": provenance.model, **DEFAULTS, **provenance.settings}
