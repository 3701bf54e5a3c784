"""How far a pixel of the papers' networks sees, and what sizes they take unpadded."""

import pytest
import torch
from torch import nn

from livecartoon.models.animegan3 import ExternalAttention
from livecartoon.models.generator import Generator, fold
from livecartoon.models.norms import AdaptiveNorm, InstanceLayerNorm, InstanceNorm, LayerNorm
from livecartoon.models.papers import build_generator

GLOBAL = (AdaptiveNorm, ExternalAttention, InstanceLayerNorm, InstanceNorm, LayerNorm)
FIELDS = [
    ("animegan1", {"width": 2}, 132),
    ("animegan2", {"width": 2}, 97),
    ("animegan2-lite", {"width": 2}, 153),
    ("animegan2-lite-2020", {"width": 2}, 93),
    ("animegan3", {"width": 2}, 97),
    ("cartoongan", {"width": 2}, 177),
    ("cartoongan", {"width": 2, "upsample": "deconv"}, 169),
    ("cartoongan-light", {"width": 4}, 91),
    ("cartoonloss", {"width": 2}, 85),
    ("cyclegan", {"width": 2, "upsample": "deconv"}, 169),
    ("cyclegan", {"width": 2, "upsample": "deconv", "blocks": 6}, 121),
    ("demal", {"width": 4, "match": "add"}, 189),
    ("pixelcyclegan", {"widths": (2, 2, 2, 2)}, 100),
    ("pixelcyclegan-standard", {"widths": (2, 2, 2, 2, 2)}, 204),
    ("salcbam", {"width": 2, "cbam": False}, 177),
    ("whitebox", {"width": 2}, 117),
]


def localised(module: nn.Module) -> nn.Module:
    """Without global statistics, every convolution a mean with positive weights."""
    for name, child in module.named_children():
        if isinstance(child, GLOBAL):
            setattr(module, name, nn.Identity())
        elif isinstance(child, nn.MaxPool2d):
            setattr(module, name, nn.AvgPool2d(2))  # a maximum chooses: 4 pixels less
        else:
            localised(child)
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        with torch.no_grad():
            share = module.weight[0].numel() * (4 if isinstance(module, nn.ConvTranspose2d) else 1)
            module.weight.fill_(1 / share)
            if module.bias is not None:
                module.bias.zero_()
    return module


def fields(generator: Generator, height: int = 320, width: int = 32) -> set[int]:
    """Rows of the input that a row of the output depends on; it varies with the row's phase."""
    network = localised(fold(generator)).double()
    photo = torch.rand(1, 3, height, width, dtype=torch.float64) * 1e-9  # or tanh saturates
    drawn = network(photo.requires_grad_())
    reached = set()
    for row in range(height // 2, height // 2 + 4):
        (slope,) = torch.autograd.grad(drawn[:, :, row].sum(), photo, retain_graph=True)
        rows = slope.abs().sum((0, 1, 3)).nonzero().flatten()
        reached.add(int(rows[-1] - rows[0] + 1))
    return reached


@pytest.mark.parametrize(("name", "changes", "expected"), FIELDS)
def test_generator_when_norms_are_off_then_sees_as_far_as_specified(
    name: str, changes: dict[str, object], expected: int
) -> None:
    found = fields(build_generator(name, **changes))
    assert expected in found
    assert max(found) <= expected + 8


@pytest.mark.parametrize(
    ("names", "sizes"),
    [
        (
            ("cartoongan", "cartoongan-light", "cartoonloss", "salcbam"),
            {(66, 66): (68, 68), (65, 67): (68, 68), (63, 64): (64, 64), (68, 68): (68, 68)},
        ),
        (
            ("animegan1", "animegan2", "animegan2-lite-2020"),
            {(66, 66): (64, 64), (65, 67): (64, 64), (63, 64): (60, 64), (68, 68): (68, 68)},
        ),
    ],
)
def test_generator_when_not_padded_then_rounds_as_published(
    names: tuple[str, ...], sizes: dict[tuple[int, int], tuple[int, int]]
) -> None:
    for name in names:
        generator = build_generator(f"{name}-tiny").requires_grad_(False)
        for given, expected in sizes.items():
            assert generator(torch.zeros(1, 3, *given)).shape[2:] == expected, name


@pytest.mark.parametrize("name", ["animegan2-lite", "animegan3", "whitebox"])
def test_u_net_when_not_padded_then_refuses_odd_sizes(name: str) -> None:
    generator = build_generator(f"{name}-tiny").requires_grad_(False)
    for size in ((66, 66), (65, 67), (63, 64)):
        with pytest.raises(RuntimeError):
            generator(torch.zeros(1, 3, *size))
