"""Source and result in one picture: beside, above, or behind a moving edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from livecartoon.frame import Frame
from livecartoon.jobs.settings import CompareName
from livecartoon.sources.base import VideoInfo

Stylize = Callable[[Frame], Frame]
#: Seconds the edge of a wipe takes there and back.
WIPE_S = 4.0


def compared_info(info: VideoInfo, compare: CompareName) -> VideoInfo:
    """Return the description of the picture that `compared` makes."""
    if compare == "h":
        return replace(info, width=2 * info.width)
    if compare == "v":
        return replace(info, height=2 * info.height)
    return info


def compared(source: Frame, drawn: Frame, compare: CompareName) -> Frame:
    """Return the frame to encode: (H, 2W), (2H, W) or the same size."""
    if compare == "none":
        return drawn
    if compare == "h":
        return replace(drawn, pixels=np.concatenate([source.pixels, drawn.pixels], axis=1))
    if compare == "v":
        return replace(drawn, pixels=np.concatenate([source.pixels, drawn.pixels], axis=0))
    phase = source.seconds / WIPE_S % 1
    edge = round(source.width * (2 * phase if phase < 0.5 else 2 - 2 * phase))
    pixels = drawn.pixels.copy()
    pixels[:, :edge] = source.pixels[:, :edge]
    if 0 < edge < source.width:
        pixels[:, edge - 1 : edge + 1] = 255
    return replace(drawn, pixels=pixels)
