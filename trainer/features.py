"""Frozen perceptual networks, read from a file; nothing is ever downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.errors import ModelError, UsageError

FeatureScale = Literal["torchvision", "caffe"]
"""What the weights of a paper presume: features of order 1, or of order 100 (pictures 0..255)."""
SPREADS: dict[FeatureScale, float] = {"torchvision": 2.0, "caffe": 200.0}
"""Mean |difference| of conv4_4 between unrelated photos, to which stand-ins are scaled."""
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CAFFE_MEAN = (123.68, 116.779, 103.939)
"""Red, green, blue levels."""
LAYERS = (
    *("conv1_1", "conv1_2", "conv2_1", "conv2_2"),
    *("conv3_1", "conv3_2", "conv3_3", "conv3_4"),
    *("conv4_1", "conv4_2", "conv4_3", "conv4_4"),
)
"""VGG19 up to what the papers look at; a pool stands before the first of each group but one."""
TORCHVISION = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25)
"""Places of `LAYERS` in torchvision's `features`."""
WIDTHS = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512)
CONTENT = "conv4_4"
Weights = Mapping[str, Tensor]


class Features(nn.Module):
    """Names of layers and a picture in, maps before their ReLU out; always float32.

    Learns nothing, but passes gradients on to the picture.
    """

    def __init__(self, source: _Source, factor: float) -> None:
        super().__init__()
        self.kind, self.origin, self.sha256 = source.kind, source.origin, source.sha256
        self.default_content = source.content
        self.factor = factor
        self.body = source.body
        self.eval().requires_grad_(False)

    def forward(self, picture: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """(N, 3, H, W) RGB in [-1, 1] in; maps by name, scaled as the recipe presumes."""
        with torch.autocast(picture.device.type, enabled=False):
            found = self.body((picture.float() + 1) / 2, names)
        return {name: self.factor * value for name, value in found.items()}

    def content(self, picture: Tensor, layer: str = "") -> Tensor:
        """The map that content losses compare."""
        name = layer or self.default_content
        found: Tensor = self(picture, (name,))[name]
        return found

    def train(self, mode: bool = True) -> Features:
        """Stay in eval mode."""
        super().train(False)
        return self

    def facts(self) -> dict[str, Any]:
        """What a run's record says about it."""
        return {
            "kind": self.kind,
            "file": self.origin,
            "sha256": self.sha256,
            "content_layer": self.default_content,
            "factor": self.factor,
        }


class _Source(NamedTuple):
    body: nn.Module
    kind: str
    origin: str
    sha256: str
    content: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one kind of file is told and read."""

    sign: str
    """A key that only this layout has."""
    build: Callable[[Weights], nn.Module]
    content: str
    spread: float | None
    """Distance of unrelated photos in the content layer as measured; None = a full VGG19."""


def load_features(file: str, scale: FeatureScale) -> Features:
    """The network of a file (.safetensors, or .pth of plain tensors), or a random one for "".

    ModelError E601 if there is no such file, E602 if it cannot be read, E604 if a tensor is
    missing or has another shape: the message names it.
    """
    if not file:
        body = _random_vgg()
        return Features(_Source(body, "random", "", "", CONTENT), _factor("random", 1.11, scale))
    path = Path(file)
    weights, digest = _read(path)
    for kind, layout in _LAYOUTS.items():
        if layout.sign in weights:
            body = layout.build(weights)
            source = _Source(body, kind, path.name, digest, layout.content)
            return Features(source, _factor(kind, layout.spread, scale))
    wanted = "features.0.weight or conv1_1.weight"
    raise ModelError("E604", f"{path.name} is no perceptual network: no {wanted}", "give a VGG19")


def _factor(kind: str, spread: float | None, scale: FeatureScale) -> float:
    """Stand-ins to the presumed spread; a full VGG19 as it is, where its source is the presumed."""
    if spread is not None:
        return SPREADS[scale] / spread
    own: FeatureScale = "caffe" if kind == "vgg19-caffe" else "torchvision"
    return SPREADS[scale] / SPREADS[own]


def _read(path: Path) -> tuple[dict[str, Tensor], str]:
    if not path.is_file():
        raise ModelError("E601", f"no perceptual network {path}", "--features FILE")
    content = path.read_bytes()
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load

            weights = load(content)
        else:
            weights = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # noqa: BLE001  unpicklers raise anything
        raise ModelError("E602", f"{path.name} cannot be read as tensors ({error})") from error
    if not isinstance(weights, dict):
        raise ModelError("E602", f"{path.name} holds no dictionary of tensors")
    floats = {str(k): v.float() for k, v in weights.items() if isinstance(v, Tensor)}
    return floats, hashlib.sha256(content).hexdigest()


def _fill(module: nn.Module, weights: Weights, names: Mapping[str, str]) -> None:
    """Load `weights[names[own]]` into every parameter `own` of a module."""
    for own, parameter in module.named_parameters():
        key = names[own]
        value = weights.get(key)
        if value is None:
            raise ModelError("E604", f"perceptual network: no tensor {key!r}", "another file")
        if value.shape != parameter.shape:
            shapes = f"{tuple(value.shape)}, not {tuple(parameter.shape)}"
            raise ModelError("E604", f"perceptual network: {key!r} is {shapes}", "another file")
        parameter.data.copy_(value)


class _VGG(nn.Module):
    """A chain of 3x3 convolutions with VGG19's names."""

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        widths: tuple[int, ...],
        mean: tuple[float, ...] | None = None,
        deviation: tuple[float, ...] = (1.0, 1.0, 1.0),
        *,
        pad: Literal["zeros", "reflect"] = "zeros",
        is_bgr: bool = False,
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean or (0.0, 0.0, 0.0))[:, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None])
        self.is_bgr = is_bgr
        self.conv0 = nn.Conv2d(3, 3, 1) if mean is None else None
        self.convs = nn.ModuleDict()
        inputs = 3
        for name, width in zip(LAYERS, widths, strict=False):
            self.convs[name] = nn.Conv2d(inputs, width, 3, 1, 1, padding_mode=pad)
            inputs = width

    def forward(self, x: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """RGB in 0..1 in."""
        x = (x - self.mean) / self.deviation
        x = x.flip(1) if self.is_bgr else x
        x = x if self.conv0 is None else self.conv0(x)
        found: dict[str, Tensor] = {}
        for name, conv in self.convs.items():
            if name != "conv1_1" and name.endswith("_1"):
                x = F.max_pool2d(x, 2, ceil_mode=self.conv0 is not None)
            x = conv(x)
            if name in names:
                found[name] = x
                if len(found) == len(names):
                    return found
            x = F.relu(x)
        missing = sorted(set(names) - set(found))
        raise UsageError("E201", f"the perceptual network has no layer {missing[0]}")


class _SqueezeNet(nn.Module):
    """SqueezeNet 1.1 up to the last map at an eighth of the size."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION)[:, None, None])
        self.stem = nn.Conv2d(3, 64, 3, 2)
        plan = ((64, 16, 64), (128, 16, 64), (128, 32, 128), (256, 32, 128))
        self.fires = nn.ModuleDict(
            {name: _Fire(*shape) for name, shape in zip(_FIRES, plan, strict=True)}
        )

    def forward(self, x: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """RGB in 0..1 in."""
        x = F.relu(self.stem((x - self.mean) / self.deviation))
        found: dict[str, Tensor] = {}
        for place, (name, fire) in enumerate(self.fires.items()):
            x = F.max_pool2d(x, 3, 2, ceil_mode=True) if place in (0, 2) else x
            before = fire(x)
            if name in names:
                found[name] = before
            x = F.relu(before)
        if missing := sorted(set(names) - set(found)):
            raise UsageError("E201", f"the perceptual network has no layer {missing[0]}")
        return found


_FIRES = ("fire2", "fire3", "fire4", "fire5")


class _Fire(nn.Module):
    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        narrow = F.relu(self.squeeze(x))
        return torch.cat([self.expand1x1(narrow), self.expand3x3(narrow)], 1)


def _parts(module: nn.Module) -> list[str]:
    return [name for name, _ in module.named_parameters()]


def _torchvision_vgg(weights: Weights) -> nn.Module:
    body = _VGG(WIDTHS, IMAGENET_MEAN, IMAGENET_DEVIATION)
    places = dict(zip(LAYERS, TORCHVISION, strict=True))
    names = {}
    for own in _parts(body):
        _, layer, part = own.split(".")
        names[own] = f"features.{places[layer]}.{part}"
    _fill(body, weights, names)
    return body


def _caffe_vgg(weights: Weights) -> nn.Module:
    mean = tuple(level / 255 for level in CAFFE_MEAN)
    body = _VGG(WIDTHS, mean, (1 / 255,) * 3, is_bgr=True)
    _fill(body, weights, {own: own.removeprefix("convs.") for own in _parts(body)})
    return body


def _normalised_vgg(weights: Weights) -> nn.Module:
    return _filled_chain(WIDTHS[:5], weights)


def _distilled_vgg(weights: Weights) -> nn.Module:
    return _filled_chain(tuple(w // 4 for w in WIDTHS), weights)


def _filled_chain(widths: tuple[int, ...], weights: Weights) -> nn.Module:
    body = _VGG(widths, pad="reflect")
    _fill(body, weights, {own: own.removeprefix("convs.") for own in _parts(body)})
    return body


def _squeezenet(weights: Weights) -> nn.Module:
    body = _SqueezeNet()
    places = {"fire2": "3", "fire3": "4", "fire4": "6", "fire5": "7"}
    names = {}
    for own in _parts(body):
        if own.startswith("stem"):
            names[own] = own.replace("stem", "features.0")
        else:
            _, fire, rest = own.split(".", 2)
            names[own] = f"features.{places[fire]}.{rest}"
    _fill(body, weights, names)
    return body


def _random_vgg() -> nn.Module:
    """VGG19's shape at a quarter of its width, the same random weights every time."""
    body = _VGG(tuple(w // 4 for w in WIDTHS), IMAGENET_MEAN, IMAGENET_DEVIATION)
    generator = torch.Generator().manual_seed(19)
    for name, parameter in body.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.kaiming_normal_(parameter, generator=generator)
    return body


_LAYOUTS: dict[str, _Layout] = {
    "vgg19-small16x": _Layout("conv1_1_aux.weight", _distilled_vgg, CONTENT, 3.11),
    "vgg19-normalised": _Layout("conv0.weight", _normalised_vgg, "conv3_1", 3.82),
    "squeezenet": _Layout("features.3.squeeze.weight", _squeezenet, "fire5", 121.2),
    "vgg19-torchvision": _Layout("features.0.weight", _torchvision_vgg, CONTENT, None),
    "vgg19-caffe": _Layout("conv1_1.weight", _caffe_vgg, CONTENT, None),
}
"""In the order in which a file is tried; the spreads are measured over 32 photos."""
