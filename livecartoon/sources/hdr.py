"""PQ and HLG pictures brought to BT.709 by a fixed curve."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels
from livecartoon.sources.colour import TRANSFER_PQ

#: Diffuse white of HDR material in cd/m2 (ITU-R BT.2408); it lands near SDR white.
REFERENCE_WHITE = 203.0
PEAK = 1000.0
#: Below this share of white tones stay as they are; above they are compressed.
KNEE = 0.70
#: Linear BT.2020 -> linear BT.709 (ITU-R BT.2087).
GAMUT = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)


@cache
def linear_table(transfer: int) -> NDArray[np.float32]:
    """Return 65536 light levels relative to diffuse white, one per 16-bit code."""
    code = np.linspace(0.0, 1.0, 65536)
    if transfer == TRANSFER_PQ:  # SMPTE ST 2084, inverse EOTF constants as published
        power = code ** (1 / 78.84375)
        ratio = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
        light = 10000.0 * ratio ** (1 / 0.1593017578125)
    else:  # ARIB STD-B67 with the system gamma of a 1000 cd/m2 display, per channel
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
        light = PEAK * scene**1.2
    return np.asarray(light / REFERENCE_WHITE, dtype=np.float32)


@cache
def gamma_table() -> Pixels:
    """Return the 8-bit BT.709 display code of 4096 light levels between 0 and 1."""
    light = np.linspace(0.0, 1.0, 4096)
    return np.asarray(np.rint(255.0 * light ** (1 / 2.4)), dtype=np.uint8)


def compress(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map 0..PEAK/white to 0..1: identity below the knee, smooth and monotonic above."""
    top = (PEAK / REFERENCE_WHITE - KNEE) / (1 - KNEE)
    excess = np.clip((light - KNEE) / (1 - KNEE), 0, top)
    rolled = excess * (1 + excess / top**2) / (1 + excess)
    return np.where(light <= KNEE, light, KNEE + (1 - KNEE) * rolled)


def tone_map(rgb48: NDArray[np.uint16], transfer: int) -> Pixels:
    """Return uint8 BT.709 RGB for uint16 PQ or HLG RGB with BT.2020 primaries, both (H, W, 3).

    The brightest channel decides the factor for all three, so that hue stays.
    """
    light = np.maximum(linear_table(transfer)[rgb48] @ GAMUT.T, 0)
    brightest = np.maximum(light.max(axis=2, keepdims=True), 1e-6)
    light *= compress(brightest) / brightest
    index = np.minimum(light * 4095.0 + 0.5, 4095.0).astype(np.uint16)
    return np.ascontiguousarray(gamma_table()[index])
