"""Whether two folders look as if photos and cartoons had changed places."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from trainer.data.saliency.planes import to_lab
from trainer.data.sift import Bytes

FLAT_SLOPE = 1.0
"""L* per pixel below which a surface counts as flat."""
MARGIN = 0.05
"""Of flat pixels more in the photos. Measured means at 256 pixels: 0.42 for free photos, 0.50
for painted comic panels, which are the least flat cartoons there are."""


def flatness(picture: Bytes) -> float:
    """Share of flat pixels, 0..1, in RGB (H, W, 3)."""
    light = to_lab(picture)[..., 0]
    across, down = (cv2.Sobel(light, cv2.CV_32F, *order) / 8 for order in ((1, 0), (0, 1)))
    return float((np.hypot(across, down) < FLAT_SLOPE).mean())


def look_swapped(photos: Sequence[float], cartoons: Sequence[float]) -> bool:
    """Whether pictures of these flatnesses are rather the other way round."""
    if not photos or not cartoons:
        return False
    return float(np.mean(photos)) > float(np.mean(cartoons)) + MARGIN
