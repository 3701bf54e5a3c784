"""Optical flow as a fixed sequence of tensor operations."""

from __future__ import annotations

import torch
import torch.nn.functional as nn
from torch import Tensor

from livecartoon.frame import Pixels
from livecartoon.temporal.card.sampling import sample
from livecartoon.temporal.planes import Floats

_LEAST_SIDE = 12
"""No coarser level has a shorter side: it would hold on to nothing."""
_MOST_LEVELS = 5
_STEPS = 3
"""Refinements per level."""
_REACH = 7
"""Pixels over which all move alike."""
_DOUBT = 4.0
"""Squared levels per pixel added to the slopes: what has no detail keeps the coarser motion."""
_LONGEST = 1.5
"""Pixels per refinement; further is for the coarser levels to find."""


def find_flow(now: Tensor, before: Tensor) -> Tensor:
    """Return float (N, H, W, 2), x and y: where each pixel of `now` was, relative to where it is.

    Lucas and Kanade 1981, eq. 9, from coarse to fine, with the slopes of `now` for both frames
    (Baker and Matthews 2004), so that a level inverts its matrices once. `now` and `before` are
    float (N, H, W), levels. Reads no value back: on a card nothing is waited for.
    """
    pairs = [(now[:, None], before[:, None])]
    while len(pairs) < _MOST_LEVELS and min(pairs[-1][0].shape[2:]) >= 2 * _LEAST_SIDE:
        pairs.append((nn.avg_pool2d(pairs[-1][0], 2), nn.avg_pool2d(pairs[-1][1], 2)))
    flow = torch.zeros_like(pairs[-1][0]).expand(-1, 2, -1, -1)
    for a, b in reversed(pairs):
        flow = _refined(a, b, _enlarged(flow, a.shape[2], a.shape[3]))
    return flow.permute(0, 2, 3, 1)


def _enlarged(flow: Tensor, height: int, width: int) -> Tensor:
    if flow.shape[2:] == (height, width):
        return flow
    larger = nn.interpolate(flow, (height, width), mode="bilinear")
    x, y = larger[:, :1] * (width / flow.shape[3]), larger[:, 1:] * (height / flow.shape[2])
    return torch.cat([x, y], 1)


def _refined(now: Tensor, before: Tensor, flow: Tensor) -> Tensor:
    """Return `flow` (N, 2, h, w) improved at this size, where it is better for it."""
    x, y = _slopes(now)
    xx, xy, yy = _mean(x * x) + _DOUBT, _mean(x * y), _mean(y * y) + _DOUBT
    determinant = xx * yy - xy * xy
    start = flow
    for _ in range(_STEPS):
        error = now - sample(before, flow)
        along_x, along_y = _mean(x * error), _mean(y * error)
        dx = (yy * along_x - xy * along_y) / determinant
        dy = (xx * along_y - xy * along_x) / determinant
        flow = flow + torch.cat([dx, dy], 1).clamp(-_LONGEST, _LONGEST)
        flow = _mean(flow)
    is_better = _misfit(now, before, flow) <= _misfit(now, before, start)
    return torch.where(is_better, flow, start)


def _misfit(now: Tensor, before: Tensor, flow: Tensor) -> Tensor:
    return _mean((now - sample(before, flow)).abs())


def _slopes(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences along x and y, 0 at the border."""
    x, y = torch.zeros_like(picture), torch.zeros_like(picture)
    x[..., 1:-1] = (picture[..., 2:] - picture[..., :-2]) / 2
    y[..., 1:-1, :] = (picture[..., 2:, :] - picture[..., :-2, :]) / 2
    return x, y


def _mean(values: Tensor) -> Tensor:
    """Mean over the window around each pixel."""
    return nn.avg_pool2d(values, _REACH, 1, _REACH // 2, count_include_pad=False)


class CardSearch:
    """`find_flow` in the place of OpenCV's search: takes and fills arrays of the host."""

    def __init__(self, card: str) -> None:
        self._device = torch.device(card)

    @torch.inference_mode()
    def calc(self, now: Pixels, before: Pixels, flow: Floats) -> Floats:
        """Fill and return `flow` (h, w, 2) from luma (h, w) in 8 bit."""
        pair = torch.from_numpy(now), torch.from_numpy(before)
        a, b = (luma.to(self._device)[None].float() for luma in pair)
        torch.from_numpy(flow).copy_(find_flow(a, b)[0])
        return flow
