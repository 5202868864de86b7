"""The picture the lab opens with: small and already spoiled, so that one click shows the point."""

from __future__ import annotations

from pathlib import Path

import cv2
import skimage

SAMPLE = "sample.jpg"


def write_sample(folder: Path) -> Path:
    """Make the sample: 256 x 256 pixels of skimage's ``coffee`` (CC0), shrunk, saved as poor JPEG.

    The same library versions give the same bytes.

    Args:
        folder: Where ``sample.jpg`` goes.
    """
    photo = cv2.imread(str(Path(skimage.__file__).parent / "data" / "coffee.png"))
    if photo is None:
        raise FileNotFoundError("scikit-image is installed without its picture coffee.png.")
    square = photo[0:400, 100:500]
    small = cv2.resize(square, (256, 256), interpolation=cv2.INTER_AREA)
    path = folder / SAMPLE
    cv2.imwrite(str(path), small, [cv2.IMWRITE_JPEG_QUALITY, 35])
    return path
