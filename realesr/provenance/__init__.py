"""Where a result comes from: said in its metadata when it is written, read back from any file.

What is said stands in XMP, beside what the person's own programs wrote there: IPTC's word for how a
picture came to be, and in a namespace of our own the model with the hash of its weights, the
settings that differ from the defaults, and the versions. Nothing in it depends on the hour or on
the machine's folders, so the same call writes the same bytes.
"""

from realesr.provenance.reading import from_packet, read, settings_from
from realesr.provenance.record import Provenance
from realesr.provenance.stamping import describe, stamp, unstamp
from realesr.provenance.watermark import Mark, add_watermark, find_watermark

__all__ = [
    "Mark",
    "Provenance",
    "add_watermark",
    "describe",
    "find_watermark",
    "from_packet",
    "read",
    "settings_from",
    "stamp",
    "unstamp",
]
