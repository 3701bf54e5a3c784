"""Saliency targets: where a viewer looks, as far as contrast and borders tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.data.saliency.barrier import barrier_saliency
from trainer.data.saliency.planes import to_lab, to_unit
from trainer.data.saliency.regions import region_saliency


def saliency_target(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 (H, W), 255 = most salient, of an RGB picture (H, W, 3).

    Half the robust background detection and half the minimum barrier distance, each stretched
    to 0..1, since each fails on some scenes; their published combination is illegible.
    """
    lab = to_lab(picture)
    both = 0.5 * to_unit(region_saliency(lab)) + 0.5 * to_unit(barrier_saliency(lab))
    return np.asarray(np.rint(255 * to_unit(both)), dtype=np.uint8)
