"""Where a generator's norms take their statistics from: the frame, a set of photos, the clip.

With those of the frame, as in the papers, every object that enters the picture recolours all
of it: that is the family's own flicker, which no blend of pixels can hide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from livecartoon.models.norms import AdaptiveNorm, Norm

NormMode = Literal["live", "frozen", "ema-inputs"]
"""Header field `norm`: statistics of this frame; measured at export; a running mean of the clip."""
NORM_MODES: tuple[NormMode, ...] = get_args(NormMode)


class Frozen(nn.Module):
    """What a norm becomes once its statistics are fixed: a gain and a shift per channel.

    Local, so that tiles agree and compilers fold it into the convolution before it. Good near
    the photos it was measured on only.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(channels), requires_grad=False)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) of any float type."""
        scale, shift = (part.float()[None, :, None, None] for part in (self.weight, self.bias))
        return (features.float() * scale + shift).to(features.dtype)


class Ledger:
    """Statistics of the clip on their way through one pass of a generator."""

    def __init__(self) -> None:
        self.before: Tensor | None = None
        """(moments,) of the clip so far."""
        self.share: Tensor | float = 1.0
        """Of the frame in the new running mean; 1 forgets the clip."""
        self.after: dict[int, Tensor] = {}
        """The new running moments, by where they start."""

    def used(self, now: Tensor, start: int) -> Tensor:
        """The running mean of moments (1, n) that stand at `start` of the ledger."""
        if self.before is None:
            mixed = now
        else:
            past = self.before[None, start : start + now.shape[1]]
            mixed = past + self.share * (now - past)
        self.after[start] = mixed[0]
        return mixed


class Running(nn.Module):
    """A norm with the running statistics of a clip, which pass through a `Ledger`."""

    def __init__(self, norm: Norm, ledger: Ledger, start: int) -> None:
        super().__init__()
        self.norm = norm
        self.ledger = ledger
        self.start = start

    def forward(self, features: Tensor) -> Tensor:
        """(1, C, H, W) of any float type."""
        used = self.ledger.used(self.norm.moments(features), self.start)
        return self.norm.normed_by(used, features)


def norms_of(generator: nn.Module) -> dict[str, Norm]:
    """Every norm with statistics of its own, by its place."""
    found = {name: part for name, part in generator.named_modules() if isinstance(part, Norm)}
    return dict(sorted(found.items()))


def is_blind_to_exposure(generator: nn.Module) -> bool:
    """Whether brightness and contrast of the whole picture are lost on it.

    True for instance and layer norms, frozen or not; AnimeGANv3's norm lets them through and
    White-box has none.
    """
    kinds = (Norm, Frozen, Running)
    norms = [part for part in generator.modules() if isinstance(part, kinds)]
    return any(not isinstance(part, AdaptiveNorm) for part in norms)


def set_place(generator: nn.Module, place: str, part: nn.Module) -> None:
    """Put `part` where the dotted `place` says."""
    parent, _, name = place.rpartition(".")
    setattr(generator.get_submodule(parent), name, part)


def put_frozen(generator: nn.Module) -> None:
    """Replace every norm by a `Frozen` that changes nothing yet, ready for its tensors."""
    for place, norm in norms_of(generator).items():
        set_place(generator, place, Frozen(norm.channels))


def put_running(generator: nn.Module) -> tuple[Ledger, int]:
    """Replace every norm by a `Running` one; returns their ledger and its length."""
    ledger, start = Ledger(), 0
    for place, norm in norms_of(generator).items():
        set_place(generator, place, Running(norm, ledger, start))
        start += norm.moment_count
    return ledger, start


@torch.no_grad()
def freeze(generator: nn.Module, photos: Iterable[Tensor]) -> None:
    """Replace every norm by what it does on average over photos (1, 3, H, W) in [-1, 1].

    ValueError without photos.
    """
    norms = norms_of(generator)
    sums = {name: torch.zeros(1, norm.moment_count) for name, norm in norms.items()}

    def watch(name: str, norm: Norm, inputs: tuple[Tensor, ...]) -> None:
        sums[name] += norm.moments(inputs[0])

    hooks = [
        norm.register_forward_pre_hook(lambda part, inputs, name=name: watch(name, part, inputs))
        for name, norm in norms.items()
    ]
    count = 0
    for photo in photos:
        generator(photo)
        count += 1
    for hook in hooks:
        hook.remove()
    if not count:
        raise ValueError("no photos to measure the norms on")
    for name, norm in norms.items():
        scale, shift = norm.affine(sums[name] / count)
        part = Frozen(norm.channels)
        part.weight.copy_(scale.flatten())
        part.bias.copy_(shift.flatten())
        set_place(generator, name, part)
