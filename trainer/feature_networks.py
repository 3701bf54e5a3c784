"""Bodies of the perceptual networks and how their files name the tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.errors import ModelError, UsageError

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CAFFE_MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)
CONTENT = "conv4_4"
LAYERS: dict[str, tuple[int, int]] = {
    "conv1_1": (0, 64),
    "conv1_2": (2, 64),
    "conv2_1": (5, 128),
    "conv2_2": (7, 128),
    "conv3_1": (10, 256),
    "conv3_2": (12, 256),
    "conv3_3": (14, 256),
    "conv3_4": (16, 256),
    "conv4_1": (19, 512),
    "conv4_2": (21, 512),
    "conv4_3": (23, 512),
    "conv4_4": (25, 512),
    "conv5_1": (28, 512),
}
"""VGG19: place in torchvision's `features`, width. The first of each group but one pools."""
NEEDED = 12
"""Layers without which a file is no VGG19 for us; conv5_1 is taken where it is."""
Weights = Mapping[str, Tensor]


class VGG(nn.Module):
    """A chain of 3x3 convolutions under VGG19's names."""

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        widths: tuple[int, ...],
        mean: tuple[float, ...] = (0.0, 0.0, 0.0),
        deviation: tuple[float, ...] = (1.0, 1.0, 1.0),
        *,
        is_normalised: bool = False,
        is_bgr: bool = False,
    ) -> None:
        """`is_normalised`: a 1x1 convolution first, and borders reflected."""
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None])
        self.is_bgr, self.is_normalised = is_bgr, is_normalised
        pad: Literal["reflect", "zeros"] = "reflect" if is_normalised else "zeros"
        self.conv0 = nn.Conv2d(3, 3, 1) if is_normalised else None
        self.convs = nn.ModuleDict()
        inputs = 3
        for name, width in zip(LAYERS, widths, strict=False):
            self.convs[name] = nn.Conv2d(inputs, width, 3, 1, 1, padding_mode=pad)
            inputs = width

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the maps it can give."""
        return tuple(self.convs)

    def forward(self, x: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """RGB in 0..1 in, maps before their ReLU out."""
        x = (x - self.mean) / self.deviation
        x = x.flip(1) if self.is_bgr else x
        x = x if self.conv0 is None else self.conv0(x)
        found: dict[str, Tensor] = {}
        for name, conv in self.convs.items():
            if name != "conv1_1" and name.endswith("_1"):
                x = F.max_pool2d(x, 2, ceil_mode=self.is_normalised)
            x = conv(x)
            if name in names:
                found[name] = x
                if len(found) == len(names):
                    break
            x = F.relu(x)
        return found


class SqueezeNet(nn.Module):
    """SqueezeNet 1.1 up to the last map at an eighth of the size."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION)[:, None, None])
        self.stem = nn.Conv2d(3, 64, 3, 2)
        self.fires = nn.ModuleDict(
            {
                "fire2": _Fire(64, 16, 64),
                "fire3": _Fire(128, 16, 64),
                "fire4": _Fire(128, 32, 128),
                "fire5": _Fire(256, 32, 128),
            }
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the maps it can give."""
        return tuple(self.fires)

    def forward(self, x: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """RGB in 0..1 in, maps before their ReLU out."""
        x = F.relu(self.stem((x - self.mean) / self.deviation))
        found: dict[str, Tensor] = {}
        for name, fire in self.fires.items():
            if name in ("fire2", "fire4"):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            before = fire(x)
            if name in names:
                found[name] = before
            x = F.relu(before)
        return found


class _Fire(nn.Module):
    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        narrow = F.relu(self.squeeze(x))
        return torch.cat([self.expand1x1(narrow), self.expand3x3(narrow)], 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one kind of file is told and read."""

    sign: str
    """A key that only this layout has, among those tried after it."""
    build: Callable[[Weights], nn.Module]
    content: str = CONTENT
    spread: float | None = None
    """Distance of unrelated photos in the content layer as measured; None = a full VGG19."""


def fill(module: nn.Module, weights: Weights, key_of: Callable[[str], str]) -> None:
    """Load `weights[key_of(name)]` into every parameter; ModelError E604 names what is missing."""
    for name, parameter in module.named_parameters():
        key = key_of(name)
        value = weights.get(key)
        if value is None:
            raise ModelError("E604", f"perceptual network: no tensor {key!r}", "another file")
        if value.shape != parameter.shape:
            shapes = f"{tuple(value.shape)}, not {tuple(parameter.shape)}"
            raise ModelError("E604", f"perceptual network: {key!r} is {shapes}", "another file")
        parameter.data.copy_(value)


def random_vgg() -> nn.Module:
    """VGG19's shape at a quarter of its width, the same random weights every time."""
    body = VGG(_widths(NEEDED, 4), IMAGENET_MEAN, IMAGENET_DEVIATION)
    generator = torch.Generator().manual_seed(19)
    for name, parameter in body.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.kaiming_normal_(parameter, generator=generator)
    return body


def check_layer(body: nn.Module, name: str) -> None:
    """UsageError E201 if a network has no such map."""
    known: tuple[str, ...] = body.layers  # type: ignore[assignment]  # both kinds have it
    if name not in known:
        known_text = ", ".join(known)
        raise UsageError(
            "E201", f"the perceptual network has no layer {name!r}", f"one of {known_text}"
        )


def _widths(count: int, divisor: int = 1) -> tuple[int, ...]:
    return tuple(width // divisor for _, width in LAYERS.values())[:count]


def _depth(weights: Weights, last_key: str) -> int:
    return NEEDED + (last_key in weights)


def _own_name(name: str) -> str:
    return name.removeprefix("convs.")


def _torchvision_name(name: str) -> str:
    layer, _, part = _own_name(name).partition(".")
    return f"features.{LAYERS[layer][0]}.{part}"


def _torchvision_vgg(weights: Weights) -> nn.Module:
    count = _depth(weights, "features.28.weight")
    body = VGG(_widths(count), IMAGENET_MEAN, IMAGENET_DEVIATION)
    fill(body, weights, _torchvision_name)
    return body


def _caffe_vgg(weights: Weights) -> nn.Module:
    count = _depth(weights, "conv5_1.weight")
    body = VGG(_widths(count), CAFFE_MEAN, (1 / 255,) * 3, is_bgr=True)
    fill(body, weights, _own_name)
    return body


def _normalised_vgg(weights: Weights) -> nn.Module:
    body = VGG(_widths(5), is_normalised=True)
    fill(body, weights, _own_name)
    return body


def _distilled_vgg(weights: Weights) -> nn.Module:
    count = _depth(weights, "conv5_1.weight")
    body = VGG(_widths(count, 4), is_normalised=True)
    fill(body, weights, _own_name)
    return body


_FIRES = {"fire2": "3", "fire3": "4", "fire4": "6", "fire5": "7"}


def _squeezenet_name(name: str) -> str:
    first, _, rest = name.partition(".")
    if first == "stem":
        return f"features.0.{rest}"
    fire, _, part = rest.partition(".")
    return f"features.{_FIRES[fire]}.{part}"


def _squeezenet(weights: Weights) -> nn.Module:
    body = SqueezeNet()
    fill(body, weights, _squeezenet_name)
    return body


LAYOUTS: dict[str, Layout] = {
    "vgg19-small16x": Layout("conv1_1_aux.weight", _distilled_vgg, spread=3.11),
    "vgg19-normalised": Layout("conv0.weight", _normalised_vgg, "conv3_1", 3.82),
    "squeezenet": Layout("features.3.squeeze.weight", _squeezenet, "fire5", 121.2),
    "vgg19-torchvision": Layout("features.0.weight", _torchvision_vgg),
    "vgg19-caffe": Layout("conv1_1.weight", _caffe_vgg),
}
"""In the order in which a file is tried; spreads measured over 32 photos of 256 x 256."""
RANDOM_SPREAD = 1.11
"""The same of `random_vgg`."""
