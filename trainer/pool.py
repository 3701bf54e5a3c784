"""Memory of generated pictures, so that a critic does not forget old tricks."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """CycleGAN's history (Shrivastava et al. 2017): its buffers are part of every checkpoint."""

    pictures: Tensor
    count: Tensor

    def __init__(self, capacity: int, side: int) -> None:
        super().__init__()
        self.register_buffer("pictures", torch.zeros(capacity, 3, side, side))
        self.register_buffer("count", torch.tensor(0))

    @torch.no_grad()
    def exchange(self, fakes: Tensor, random: torch.Generator) -> Tensor:
        """For each of (N, 3, H, W): the picture itself, or with probability 1/2 an older one.

        Until the pool is full it keeps all and returns them; afterwards what it gives out it
        replaces.
        """
        capacity = len(self.pictures)
        given = []
        for fake in fakes:
            held = int(self.count)
            if held < capacity:
                self.pictures[held] = fake
                self.count += 1
                given.append(fake)
            elif capacity and torch.rand((), generator=random) < 0.5:
                place = int(torch.randint(capacity, (), generator=random))
                given.append(self.pictures[place].clone())
                self.pictures[place] = fake
            else:
                given.append(fake)
        return torch.stack(given)
