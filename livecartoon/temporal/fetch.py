"""Reading a picture at places between its pixels."""

from __future__ import annotations

import cv2

from livecartoon.temporal.planes import Floats


def fetch(values: Floats, places: Floats, interpolation: int, out: Floats) -> None:
    """Fill `out` with `values` at `places` (h, w, 2), x and y; edges go on beyond the picture."""
    # OpenCV's stubs do not know that the second map may be None; an empty one reads wrong places.
    cv2.remap(  # type: ignore[call-overload]
        values, places, None, interpolation, dst=out, borderMode=cv2.BORDER_REPLICATE
    )


def fetch_planes(planes: Floats, places: Floats, scratch: Floats) -> None:
    """Move `planes` (3, h, w) bicubically; as one picture, for then the places are read once.

    `scratch` (2, h, w, 3) is overwritten.
    """
    whole, moved = scratch
    cv2.merge(list(planes), dst=whole)
    fetch(whole, places, cv2.INTER_CUBIC, moved)
    for channel, plane in enumerate(planes):
        cv2.extractChannel(moved, channel, dst=plane)
