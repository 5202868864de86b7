"""What one picture says about itself: the only copy of each estimator.

The check-up, the training doctor and the data tools ask the same functions. Each takes an array as
``realesr.images`` reads it, gives a figure with its unit and how far to trust it, and never raises
for an odd or tiny picture: it says None.
"""

from realesr.quality.estimators.blur import blur
from realesr.quality.estimators.compression import (
    JpegTables,
    JpegTrace,
    blockiness,
    jpeg_quality,
    read_tables,
)
from realesr.quality.estimators.enlargement import enlargement
from realesr.quality.estimators.flatness import banding, flatness
from realesr.quality.estimators.noise import Noise, noise
from realesr.quality.estimators.planes import Estimate

__all__ = [
    "Estimate",
    "JpegTables",
    "JpegTrace",
    "Noise",
    "banding",
    "blockiness",
    "blur",
    "enlargement",
    "flatness",
    "jpeg_quality",
    "noise",
    "read_tables",
]
