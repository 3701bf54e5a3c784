"""DEMAL's two critics and what each of them gets to see."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.convs import Conv, leaky
from livecartoon.models.guided import guided_filter
from livecartoon.models.norms import LayerNorm
from trainer.discriminators.spectral import bounded
from trainer.discriminators.whitebox import WhiteBoxDiscriminator

FILTER_RADIUS = 5
FILTER_EPS = 0.2
"""In squared units of [-1, 1]: erases weak texture, keeps strong edges."""


class SurfaceDiscriminator(WhiteBoxDiscriminator):
    """Judges smoothed pictures, 21 pixels of the real one at twice the size; three logits."""

    def __init__(self, width: int = 32) -> None:
        super().__init__(inputs=3, outputs=3, width=width)


class LocalDiscriminator(nn.Module):
    """Judges gray texture, 16 pixels of the real picture at twice the size.

    Spectrally normalised as its paper's figure says; the published code forgot to.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        w = width
        self.body = nn.Sequential()
        for inputs, outputs, stride in ((1, w, 1), (w, 2 * w, 2), (2 * w, 4 * w, 2)):
            self.body.extend(_layer(inputs, outputs, stride))
        self.body.extend(_layer(4 * w, 8 * w, 2))
        self.head = nn.utils.parametrizations.spectral_norm(Conv(8 * w, 1))

    def forward(self, texture: Tensor) -> Tensor:
        """(N, 1, H, W) in [-1, 1] in, logits (N, 1, H/8, W/8) out."""
        logits: Tensor = self.head(self.features(texture))
        return logits

    def features(self, texture: Tensor) -> Tensor:
        """The last feature map (N, 8 * width, H/8, W/8)."""
        found: Tensor = self.body(texture)
        return found


def _layer(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    conv = bounded(inputs, outputs, stride=stride, bias=False, pad="reflect")
    return [conv, LayerNorm(outputs, affine=False), leaky()]


def surface_view(picture: Tensor, upscale: int = 2) -> Tensor:
    """What the surface critic sees: enlarged, then smoothed by itself. `upscale` 1 under 128."""
    larger = _enlarged(picture, upscale)
    return guided_filter(larger, larger, FILTER_RADIUS, FILTER_EPS)


def texture_view(gray: Tensor, upscale: int = 2) -> Tensor:
    """What the local critic sees of a randomly weighted gray picture (N, 1, H, W)."""
    return _enlarged(gray, upscale)


def _enlarged(picture: Tensor, upscale: int) -> Tensor:
    if upscale == 1:
        return picture
    return F.interpolate(picture, scale_factor=upscale, mode="bilinear", align_corners=False)
