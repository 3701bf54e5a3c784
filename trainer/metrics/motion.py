"""Motion between frames, and where it may be trusted. Flow comes from the inputs alone.

Flow estimated on outputs would call a blurred video consistent.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.errors import UsageError
from trainer.metrics.arrays import Bytes, Doubles, Mask, luma

Flow = NDArray[np.float32]
Gray = NDArray[np.uint8]
Estimator = Callable[[Gray, Gray], Flow]
CUT_DISTANCE = 0.5
"""Chi-square distance of luma histograms above which two frames are of two scenes."""
LEAST_VALID = 0.3
_BINS = 64


def dis(one: Gray, other: Gray) -> Flow:
    """DIS, medium preset: where each pixel of `one` (H, W) is in `other`, relative, (H, W, 2)."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(search.calc(one, other, None), dtype=np.float32)  # type: ignore[call-overload]


def farneback(one: Gray, other: Gray) -> Flow:
    """Farneback with the parameters of TecoGAN's tOF."""
    found = cv2.calcOpticalFlowFarneback(one, other, None, 0.5, 3, 15, 3, 5, 1.2, 0)  # type: ignore[call-overload]
    return np.asarray(found, dtype=np.float32)


ESTIMATORS: dict[str, Estimator] = {"dis": dis, "farneback": farneback}


def open_estimator(name: str) -> Estimator:
    """The estimator of that name; UsageError E201."""
    if name not in ESTIMATORS:
        raise UsageError("E201", f"no flow {name!r}", f"try: {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name]


def gray(picture: Bytes) -> Gray:
    """8-bit luma of (H, W, 3)."""
    return np.asarray(np.rint(luma(picture)), dtype=np.uint8)


def warped(values: Doubles | Flow, flow: Flow) -> Doubles:
    """W(X, F)(p) = X(p + F(p)), bilinear, the border repeated; X is (H, W) or (H, W, C)."""
    x, y = _places(flow)
    source = np.asarray(values, dtype=np.float32)
    there = cv2.remap(source, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # OpenCV drops a single channel.
    return np.asarray(there, dtype=np.float64).reshape(values.shape)


def valid_mask(forward: Flow, backward: Flow) -> Mask:
    """Where a forward flow may be trusted: inside, not occluded, not at a motion boundary.

    Lai et al. 2018, as released for evaluation: |F + W(B, F)|^2 <= .01 (|F|^2 + |W(B, F)|^2)
    + .5 and |grad u|^2 + |grad v|^2 <= .01 |F|^2 + .002. `backward` is the flow the other way.
    """
    height, width = forward.shape[:2]
    there, back = np.asarray(forward, dtype=np.float64), warped(backward, forward)
    length = np.square(there).sum(2)
    allowed = 0.01 * (length + np.square(back).sum(2)) + 0.5
    is_occluded = np.square(there + back).sum(2) > allowed
    bend = sum(
        np.square(np.diff(there, axis=axis, append=there.take([-1], axis))).sum(2)
        for axis in (0, 1)
    )
    x, y = _places(forward)
    is_inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return np.asarray(is_inside & ~is_occluded & (bend <= 0.01 * length + 0.002))


def is_cut(before: Bytes, now: Bytes) -> bool:
    """Whether two frames are of two scenes, by their luma histograms."""
    one, other = (
        np.histogram(luma(frame), _BINS, (0, 256))[0] / frame[..., 0].size
        for frame in (before, now)
    )
    total = one + other
    return float((np.square(one - other)[total > 0] / total[total > 0]).sum()) > CUT_DISTANCE


def _places(flow: Flow) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, width = flow.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x + flow[..., 0], y + flow[..., 1]
