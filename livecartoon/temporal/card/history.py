"""The running mean of styled frames, on the card that drew them."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as nn
from torch import Tensor

from livecartoon.errors import EngineError
from livecartoon.frame import Pixels
from livecartoon.temporal.card.sampling import sample
from livecartoon.temporal.history import COARSE
from livecartoon.temporal.planes import Floats


class CardHistory:
    """As `History`, with the mean (1, 3, H, W) float32 on a card; one frame goes there and back."""

    def __init__(self, height: int, width: int, card: str) -> None:
        """EngineError E506 if the card's memory is too small."""
        self._device = torch.device(card)
        is_cuda = self._device.type == "cuda"
        self._host = torch.empty((height, width, 3), dtype=torch.uint8, pin_memory=is_cuda)
        try:
            self._mean = torch.zeros((1, 3, height, width), device=self._device)
            self._held = torch.zeros_like(self._mean)
        except torch.cuda.OutOfMemoryError as error:
            raise EngineError(
                "E506", f"the past of {width}x{height} does not fit on {card}", "--temporal off"
            ) from error

    @torch.inference_mode()
    def seed(self, styled: Pixels) -> None:
        """Start anew from `styled`."""
        self._mean.copy_(self._uploaded(styled))
        self._held.copy_(self._mean)

    @torch.inference_mode()
    def blend(self, styled: Pixels, gain: Floats, hold: float = 0.0) -> Pixels:
        """Move towards `styled` by `gain` (h, w) in 0..1; return the mean, rounded, fresh."""
        weight = torch.from_numpy(gain).to(self._device)[None, None]
        weight = nn.interpolate(weight, styled.shape[:2], mode="bilinear")
        self._mean.addcmul_(self._uploaded(styled) - self._mean, weight)
        is_left = (self._mean - self._held).abs_() > 0.5 + hold * (1 - weight)
        torch.where(is_left, self._mean.add(0.5).floor_(), self._held, out=self._held)
        shown = self._held[0].byte().permute(1, 2, 0).contiguous().cpu().numpy()
        return np.asarray(shown, dtype=np.uint8)

    @torch.inference_mode()
    def rebase(self, styled: Pixels) -> None:
        """Follow at once what changed in the wide, as after a step of the exposure."""
        target = self._uploaded(styled)
        step = target - self._mean
        height, width = styled.shape[:2]
        coarse = max(height // COARSE, 1), max(width // COARSE, 1)
        wide = nn.interpolate(
            nn.adaptive_avg_pool2d(step, coarse), (height, width), mode="bilinear"
        )
        self._mean += torch.minimum(torch.maximum(wide, step.clamp(max=0)), step.clamp(min=0))

    @torch.inference_mode()
    def move(self, flow: Floats, times: int) -> None:
        """Fetch every pixel's mean from where `flow` (2, h, w) says, `times` as far; bicubic."""
        height, width = self._mean.shape[2:]
        there = torch.from_numpy(flow).to(self._device)[None]
        there = nn.interpolate(there, (height, width), mode="bilinear") * times
        self._mean = sample(self._mean, there, "bicubic").clamp_(0, 255)

    def _uploaded(self, styled: Pixels) -> Tensor:
        """(H, W, 3) of the host as (1, 3, H, W) float32 of the card."""
        np.copyto(self._host.numpy(), styled)  # torch warns of arrays that may not be written
        return self._host.to(self._device).permute(2, 0, 1)[None].float()
