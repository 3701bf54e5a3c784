"""A cartoon filter that flickers more than our generators do: the hard case for anti-flicker."""

from __future__ import annotations

import cv2
import numpy as np

from livecartoon.frame import Pixels

_STEP = 26.0


def touchy_cartoon(picture: Pixels) -> Pixels:
    """Smooth areas, few tones, ink where a difference of Gaussians dips; RGB uint8 in and out."""
    height, width = picture.shape[:2]
    half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    for _ in range(2):
        half = cv2.bilateralFilter(half, 5, 22, 3)
    smooth = cv2.resize(half, (width, height), interpolation=cv2.INTER_LINEAR)
    lab = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB), dtype=np.float32)
    tone = np.round(lab[..., 0] / _STEP) * _STEP
    lab[..., 0] = tone + _STEP / 2 * np.tanh(0.3 * (lab[..., 0] - tone))
    lab[..., 1:] = 128 + 1.3 * (lab[..., 1:] - 128)
    colour = cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB)
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    dip = cv2.GaussianBlur(gray, (0, 0), 1.0) - 0.985 * cv2.GaussianBlur(gray, (0, 0), 1.6)
    ink = np.clip(1 + np.tanh(0.55 * np.minimum(dip, 0) + 0.35), 0.15, 1)
    return np.asarray(colour * ink[..., None], dtype=np.uint8)
