"""At which part of the frames' size the network runs."""

from __future__ import annotations

import math

from livecartoon.errors import UsageError

PROCESSING_PIXELS = 640 * 360
"""Pixels at which the network runs by default on a CPU; larger frames are reduced to about it."""


def reduction_for(width: int, height: int, infer_size: str, *, on_gpu: bool) -> int:
    """How many times smaller than the frames the network runs, a whole number.

    "auto" on a CPU comes nearest to 640x360 pixels, on a GPU runs at full size up to
    2.1 megapixels; "source" is 1; "360p" or "640x360" comes nearest to that.
    """
    if infer_size == "source":
        return 1
    if infer_size == "auto":
        wanted = 2_100_000 if on_gpu else PROCESSING_PIXELS
        if on_gpu and width * height <= wanted:
            return 1
        return max(1, round_ratio(math.sqrt(width * height / wanted)))
    wanted_short = _short_side(infer_size)
    return max(1, round_ratio(min(width, height) / wanted_short))


def round_ratio(ratio: float) -> int:
    """Nearest whole number by ratio: 1.42 is nearer to 1 than to 2, 1.5 is not."""
    low = max(1, math.floor(ratio))
    return low if ratio / low <= (low + 1) / ratio else low + 1


def _short_side(text: str) -> int:
    digits = text.removesuffix("p").split("x")
    if not all(part.isdigit() and int(part) > 0 for part in digits) or len(digits) > 2:
        raise UsageError("E201", f"infer-size {text!r} is no size", "auto, source, 360p, 640x360")
    return min(int(part) for part in digits)
