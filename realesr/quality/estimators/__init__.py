"""What one picture says about itself: the only copy of each estimator.

The check-up, the training doctor and the data tools ask the same functions. Each takes an array as
``realesr.images`` reads it, gives a figure with its unit and how far to trust it, and never raises
for an odd or tiny picture: it says None.
"""

from realesr.quality.estimators.blur import blur
from realesr.quality.estimators.borders import Borders, borders
from realesr.quality.estimators.chroma import Subsampling, chroma_subsampling
from realesr.quality.estimators.compression import JpegTrace, blockiness, jpeg_quality
from realesr.quality.estimators.content import drawing
from realesr.quality.estimators.enlargement import enlargement
from realesr.quality.estimators.exposure import Exposure, exposure
from realesr.quality.estimators.flatness import banding, flatness
from realesr.quality.estimators.jpeg_file import JpegTables, read_tables, tables_of
from realesr.quality.estimators.motion import Motion, motion_blur
from realesr.quality.estimators.noise import Noise, noise
from realesr.quality.estimators.planes import Estimate
from realesr.quality.estimators.recompression import first_quality
from realesr.quality.estimators.ringing import ringing
from realesr.quality.estimators.shot_noise import shot_noise

__all__ = [
    "Borders",
    "Estimate",
    "Exposure",
    "JpegTables",
    "JpegTrace",
    "Motion",
    "Noise",
    "Subsampling",
    "banding",
    "blockiness",
    "blur",
    "borders",
    "chroma_subsampling",
    "drawing",
    "enlargement",
    "exposure",
    "first_quality",
    "flatness",
    "jpeg_quality",
    "motion_blur",
    "noise",
    "read_tables",
    "ringing",
    "shot_noise",
    "tables_of",
]
