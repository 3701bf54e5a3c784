"""What keeps the photo's content; features come from `trainer.features` or a stand-in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.losses.color import YUV, rgb_to_lab, unit, weighted_gray


def content_loss(fake_features: Tensor, photo_features: Tensor) -> Tensor:
    """Mean |difference| of features, VGG19's conv4_4 before its ReLU in all of the papers."""
    return (fake_features.float() - photo_features.float()).abs().mean()


def decayed_content_weight(epoch: int, start: float = 0.25, decay: float = 0.96) -> float:
    """SalCBAM's weight in the given epoch of the main phase, the first being 0 (eq. 12)."""
    return start * decay**epoch


def blurred(picture: Tensor, factor: int) -> Tensor:
    """Bilinear down and up again by `factor`; H and W multiples of it."""
    small = F.interpolate(
        picture, scale_factor=1 / factor, mode="bilinear", align_corners=False, antialias=False
    )
    return F.interpolate(small, size=picture.shape[-2:], mode="bilinear", align_corners=False)


def scales_loss(first: Tensor, fake: Tensor, photo: Tensor) -> Tensor:
    """DEMAL's content: a feature loss `first` and L1 at two blurs, in equal parts."""
    pairs = [(blurred(fake, factor), blurred(photo, factor)) for factor in (2, 4)]
    return (first + sum(content_loss(a, b) for a, b in pairs)) / 3


def coarse_colour_loss(fake: Tensor, photo: Tensor) -> Tensor:
    """Stand-in for features where there are none: L1 of 8 x 8 means in Lab, per 100."""
    a, b = (rgb_to_lab(unit(F.avg_pool2d(picture.float(), 8))) for picture in (fake, photo))
    return (a - b).abs().mean() / 100


def laplacian_loss(fake: Tensor, photo: Tensor, levels: int = 3) -> Tensor:
    """Stand-in for features: mean |difference| of Laplacian pyramids, levels averaged."""
    change = fake.float() - photo.float()
    losses = []
    for _ in range(levels):
        small = F.avg_pool2d(change, 2)
        larger = F.interpolate(small, size=change.shape[-2:], mode="bilinear", align_corners=False)
        losses.append((change - larger).abs().mean())
        change = small
    return torch.stack(losses).mean()


def topology_loss(fake: Sequence[Tensor], cartoon: Sequence[Tensor]) -> Tensor:
    """PixelCycleGAN's: squared difference of VGG16's relu1_1..relu4_1 over one cycle, summed.

    Not divided by the size of the maps once more, which made it vanish in the published code.
    """
    pairs = zip(fake, cartoon, strict=True)
    return torch.stack([((a.float() - b.float()) ** 2).mean() for a, b in pairs]).sum()


def line_topology_loss(cycled: Tensor, cartoon: Tensor) -> Tensor:
    """Stand-in for `topology_loss`: L1 of Sobel magnitudes of luma at three scales, summed."""
    losses = []
    for factor in (1, 2, 4):
        a, b = (_sobel(F.avg_pool2d(picture.float(), factor)) for picture in (cycled, cartoon))
        losses.append((a - b).abs().mean())
    return torch.stack(losses).sum()


def _sobel(picture: Tensor) -> Tensor:
    luma = weighted_gray(picture, torch.tensor(YUV[0]))
    row = torch.tensor([1.0, 2.0, 1.0]).to(luma)
    slope = torch.tensor([-1.0, 0.0, 1.0]).to(luma)
    across = torch.outer(row, slope)[None, None] / 4
    kernel = torch.cat([across, across.transpose(2, 3)])
    edges = F.conv2d(F.pad(luma, (1, 1, 1, 1), mode="replicate"), kernel)
    return torch.sqrt((edges * edges).sum(1, keepdim=True) + 1e-6)


def cycle_loss(there_and_back: Tensor, start: Tensor) -> Tensor:
    """CycleGAN's mean |difference|; the same form is its identity loss."""
    return content_loss(there_and_back, start)
