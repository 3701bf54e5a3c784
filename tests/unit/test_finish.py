"""Loops over pixels against the graph that they stand for."""

import numpy as np
import pytest
import torch
from torch import nn

from livecartoon.backends.blocks import Packer
from livecartoon.backends.finish import Finish
from livecartoon.models.inkstyle import InkStyle
from livecartoon.models.inner import MapsInBlocks
from livecartoon.models.picture import StudentPicture
from livecartoon.models.student import StudentMaps
from tests.drawing import drawn_photo

INK = InkStyle(threshold=0.02, tone=(0.2, 0.1, 0.3), strength=1.5)


class Deciding(nn.Module):
    """A generator that decides the same for every photo: smooth maps, lines of every weight."""

    bands = 0

    def __init__(self, small: tuple[int, int]) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        cells = small[0] // 4, small[1] // 4
        gate = torch.rand(1, 16, *cells, generator=generator).repeat_interleave(3, 1)
        base = torch.rand(1, 48, *cells, generator=generator) * 1.4 - 0.2
        line = torch.rand(1, 1, *cells, generator=generator) * 2 - 0.2
        self.decided = StudentMaps(gate, base, torch.zeros_like(base), line)

    def maps(self, blocks: torch.Tensor) -> StudentMaps:
        return self.decided

    decide = maps

    def for_inputs(self, scale: float) -> nn.Module:
        return self


@pytest.mark.parametrize("layers", [(), ("strength",), ("strength", "keep_color", "vivid")])
@pytest.mark.parametrize("reduction", [1, 2, 3, 4, 5, 6])
def test_finish_then_draws_what_the_graph_draws(reduction, layers):
    height, width = 24 * reduction, 40 * reduction
    packer, generator = Packer(width, height, reduction), Deciding((24, 40))
    graph = StudentPicture(generator, INK, (height, width), reduction, layers)
    photo = drawn_photo(width, height)
    look = np.array([0.8, 0.7, 0.4, 1.3] if layers else [0.8, 1, 0, 1], np.float32)
    expected = graph(torch.from_numpy(photo)[None], torch.from_numpy(look))[0].numpy()
    maps = (m[0].contiguous().numpy() for m in MapsInBlocks(generator)(torch.zeros(packer.shape)))
    gate, colour, weight = maps
    finish = Finish(INK, packer.small, reduction, layers)
    decided, lines = finish.decided(photo, gate, colour), finish.new_lines()
    drawn = np.empty_like(photo)
    finish.find_lines(decided, weight, float(look[0]), lines, drawn)
    finish.draw(decided, lines, look, drawn)
    difference = np.abs(drawn.astype(int) - expected)
    assert difference.max() <= 1
    # whole levels before the lines, and before the strength
    assert difference.mean() < {(): 0.12, ("strength",): 0.35}.get(layers, 0.02)
    assert np.abs(drawn.astype(int) - photo).mean() > 5
