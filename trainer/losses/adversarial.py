"""What critics and generators want of each other; all logits, all float32 means."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


def cross_entropy(logits: Tensor, label: float) -> Tensor:
    """Binary cross-entropy of logits of any shape against one label."""
    x = logits.float()
    return F.binary_cross_entropy_with_logits(x, torch.full_like(x, label))


def squared(logits: Tensor, label: float) -> Tensor:
    """Least squares of logits of any shape against one label."""
    return ((logits.float() - label) ** 2).mean()


def bce_critic_loss(
    real: Tensor, fake: Tensor, smoothed: Tensor | None = None, smoothed_weight: float = 1.0
) -> Tensor:
    """CartoonGAN's critic: cartoons are real, generated and edge-smoothed ones are not.

    CartoonLossGAN weighs the smoothed ones with 0.1; its first phase has none.
    """
    loss = cross_entropy(real, 1) + cross_entropy(fake, 0)
    return loss if smoothed is None else loss + smoothed_weight * cross_entropy(smoothed, 0)


def bce_generator_loss(fake: Tensor) -> Tensor:
    """Non-saturating: the papers' log(1 - D) has no gradient where it is needed."""
    return cross_entropy(fake, 1)


def lsgan_critic_loss(real: Tensor, fake: Tensor, smoothed: Tensor | None = None) -> Tensor:
    """Least squares without a factor; CycleGAN and White-box halve it, SalCBAM has `smoothed`."""
    loss = squared(real, 1) + squared(fake, 0)
    return loss if smoothed is None else loss + squared(smoothed, 0)


def lsgan_generator_loss(fake: Tensor) -> Tensor:
    """Least squares towards the label of real pictures."""
    return squared(fake, 1)


@dataclass(frozen=True, slots=True)
class CriticWeights:
    """AnimeGAN's weights of the four kinds of pictures that its critic sees."""

    real: float = 1.0
    fake: float = 1.0
    gray: float = 1.0
    smoothed: float = 0.1


ANIMEGAN1 = CriticWeights()
ANIMEGAN2_HAYAO = CriticWeights(1.2, 1.2, 1.2, 0.8)
ANIMEGAN2_PAPRIKA = CriticWeights(1.0, 1.0, 1.0, 0.005)
ANIMEGAN2_SHINKAI = CriticWeights(1.7, 1.7, 1.7, 1.0)


def animegan_critic_loss(
    real: Tensor, fake: Tensor, gray: Tensor, smoothed: Tensor, weights: CriticWeights
) -> Tensor:
    """Least squares; `gray` are cartoons without colour, `smoothed` gray edge-smoothed ones."""
    return (
        weights.real * squared(real, 1)
        + weights.fake * squared(fake, 0)
        + weights.gray * squared(gray, 0)
        + weights.smoothed * squared(smoothed, 0)
    )


SOFT_REAL, SOFT_FAKE = 0.9, 0.1
"""Labels of AnimeGANv3's support critic."""


def support_critic_loss(
    real: Tensor, fake: Tensor, smoothed: Tensor, smoothed_weight: float = 2.0
) -> Tensor:
    """AnimeGANv3's critic of gray support pictures; Shinkai weighs the smoothed ones with 5."""
    return (
        0.5 * squared(real, SOFT_REAL)
        + squared(fake, SOFT_FAKE)
        + smoothed_weight * squared(smoothed, SOFT_FAKE)
    )


def support_generator_loss(fake: Tensor) -> Tensor:
    """AnimeGANv3's support tail."""
    return squared(fake, SOFT_REAL)


def main_critic_loss(refined: Tensor, fake: Tensor) -> Tensor:
    """AnimeGANv3's critic of main pictures; `refined` are logits of its denoised targets."""
    return 0.1 * lsgan_critic_loss(refined, fake)


def main_generator_loss(fake: Tensor) -> Tensor:
    """AnimeGANv3's main tail."""
    return 0.02 * lsgan_generator_loss(fake)


def batch_gram_loss(logits: Tensor, label: float) -> Tensor:
    """DEMAL's published local loss, kept for comparison: least squares on a Gram of the batch.

    Blind to sign, without gradient at 0, and its optimum depends on the batch size.
    """
    n, _, h, w = logits.shape
    rows = logits.float().reshape(n, -1)
    with torch.autocast(logits.device.type, enabled=False):
        gram = rows @ rows.t() / (n * h * w)
    return squared(gram, label)
