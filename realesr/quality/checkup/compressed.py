"""What JPEG did to a picture, in sentences: once or twice, and to its colours."""

from __future__ import annotations

from realesr.quality import estimators
from realesr.quality.checkup.report import Finding, finding
from realesr.quality.estimators import JpegTables, JpegTrace
from realesr.quality.estimators.planes import Pixels

_COMPRESSED = 80
_SHARED = {"4:2:2": 2.0, "4:4:0": 2.0}
_SUBSAMPLED = {
    "4:4:4": "Colours are as sharp as brightness.",
    "4:2:2": "Pairs of pixels side by side share a colour (4:2:2).",
    "4:4:0": "Pairs of pixels one above the other share a colour (4:4:0).",
    "4:2:0": "Four pixels share a colour (4:2:0).",
    "4:1:1": "Four pixels in a row share a colour (4:1:1).",
}


def jpeg(pixels: Pixels, tables: JpegTables | None) -> Finding:
    """The quality of the last compression, and of the one before where it left a trace."""
    if tables is None:
        last = estimators.jpeg_quality(pixels)
        said = f"went through JPEG of quality about {last.value or 0:.0f} and was saved again since"
    else:
        confidence = 1.0 if tables.exact else 0.8
        last = JpegTrace(float(tables.quality), "quality", confidence)
        said = f"is a JPEG of quality {'' if tables.exact else 'about '}{tables.quality}"
    first = estimators.first_quality(pixels, last, tables.luma if tables else None)
    details = {
        "quality": None if last.value is None else round(last.value),
        "exact": tables is not None and tables.exact,
        "source": "pixels" if tables is None else "tables",
        "first_quality": None if first.value is None else round(first.value),
        "first_confidence": round(first.confidence, 3),
    }
    if last.value is None:
        return finding(last, "No trace of JPEG.", details)
    before = f"; before that, through one of quality {first.value:.0f}" if first.value else ""
    worst = min(last.value, first.value or 100.0)
    return finding(last, f"It {said}{before}.", details, matters=worst < _COMPRESSED)


def chroma(pixels: Pixels, tables: JpegTables | None) -> Finding:
    """How many pixels share a colour: as the file says, else as the pixels show."""
    if tables is not None and tables.subsampling not in ("", "4:4:4"):
        scheme = tables.subsampling
        details = {"scheme": scheme, "source": "file"}
        return Finding(_SHARED.get(scheme, 4.0), "pixels", 1.0, _SUBSAMPLED[scheme], False, details)
    # A file of full colours may hold what was shrunk before.
    found = estimators.chroma_subsampling(pixels)
    details = {"scheme": found.scheme, "source": "pixels"}
    if found.value is None:
        return finding(found, "Too little colour to tell whether pixels share it.", details)
    return finding(found, _SUBSAMPLED[found.scheme], details)
