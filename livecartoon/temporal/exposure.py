"""Automatic exposure: a change of the whole picture's brightness is no motion."""

from __future__ import annotations

import numpy as np

from livecartoon.temporal.planes import Floats

_DARK = 4.0
"""Levels added before ratios are taken, so that black does not decide."""


def exposure_gain(now: Floats, reference: Floats) -> float:
    """Return what to multiply the reference thumbnail with to match `now`.

    1.0 unless a plain factor explains the change: at least 30 % better than none.
    """
    a, b = now + _DARK, reference + _DARK
    gain = float(np.median(a / b))
    if not 0.002 < abs(gain - 1) < 0.2:
        return 1.0
    unexplained = float(np.median(np.abs(a - gain * b)))
    return gain if unexplained < 0.7 * float(np.median(np.abs(a - b))) else 1.0


def apply_exposure(planes: Floats, gain: float) -> None:
    """Multiply Y, Cr, Cb planes (3, h, w) in place, chroma about its neutral 128."""
    planes *= gain
    planes[0] += (gain - 1) * _DARK
    planes[1:] += (1 - gain) * 128
