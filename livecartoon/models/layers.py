"""The live layers that end every picture path: colourfulness, colours of the photo, strength."""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch
from torch import Tensor

LIVE_LAYERS = ("strength", "keep_color", "vivid")
"""Layers that are built in only when a slider leaves its identity setting."""
LOOK_SIZE = 4
"""Length of the `look` input: ink, strength, keep_color, vivid."""


def check_layers(layers: Collection[str]) -> None:
    """Fail on a layer that there is not."""
    unknown = set(layers) - set(LIVE_LAYERS)
    assert not unknown, unknown


def finished(
    drawn: Tensor,
    photo: Tensor,
    look: Tensor,
    layers: Collection[str],
    luma: Callable[[Tensor], Tensor],
    levels_type: torch.dtype,
) -> Tensor:
    """The layers over a drawing 0..1, in levels 0..255 of `levels_type`.

    All pictures are laid out alike, in planes or in blocks; `luma` answers a picture's
    luminance, to be added to each of its colours.
    """
    _, strength, keep_color, vivid = (look[index] for index in range(LOOK_SIZE))
    if "vivid" in layers:
        light = luma(drawn)
        drawn = light + vivid * (drawn - light)
    if "keep_color" in layers:
        drawn = drawn + keep_color * (_recoloured(drawn, photo, luma) - drawn)
    if "strength" in layers:
        drawn = photo + strength * (drawn - photo)
    # The conversion to bytes truncates, so half a level more rounds.
    return (torch.clamp(drawn, 0, 1) * 255 + 0.5).to(levels_type)


def _recoloured(drawn: Tensor, photo: Tensor, luma: Callable[[Tensor], Tensor]) -> Tensor:
    """The drawing with the photo's chroma and mean luma."""
    drawn_luma, photo_luma = luma(drawn), luma(photo)
    shift = photo_luma.mean((1, 2, 3)) - drawn_luma.mean((1, 2, 3))
    return drawn_luma + shift + (photo - photo_luma)
