"""Frozen perceptual networks, read from a file; nothing is ever downloaded."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import torch
from torch import Tensor, nn

from livecartoon.errors import ModelError
from trainer.feature_networks import CONTENT, LAYOUTS, RANDOM_SPREAD, check_layer, random_vgg

FeatureScale = Literal["torchvision", "caffe"]
"""What the weights of a paper presume: features of order 1, or of order 100 (pictures 0..255)."""
SPREADS: dict[FeatureScale, float] = {"torchvision": 2.0, "caffe": 200.0}
"""Mean |difference| of conv4_4 between unrelated photos, to which stand-ins are scaled."""


class Source(NamedTuple):
    """Where a perceptual network comes from."""

    kind: str
    file: str
    sha256: str
    content_layer: str


class Features(nn.Module):
    """Names of layers and a picture in, maps before their ReLU out; always float32.

    Learns nothing, but passes gradients on to the picture.
    """

    def __init__(self, body: nn.Module, source: Source, factor: float) -> None:
        super().__init__()
        self.body, self.source, self.factor = body, source, factor
        self.eval().requires_grad_(False)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the maps it can give, in their order."""
        return cast(tuple[str, ...], self.body.layers)

    def forward(self, picture: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """(N, 3, H, W) RGB in [-1, 1] in; maps by name, scaled as the recipe presumes."""
        with torch.autocast(picture.device.type, enabled=False):
            found = self.body((picture.float() + 1) / 2, names)
        return {name: self.factor * value for name, value in found.items()}

    def content(self, picture: Tensor, layer: str = "") -> Tensor:
        """The map that content losses compare; E201 if there is none of that name."""
        name = layer or self.source.content_layer
        check_layer(self.body, name)
        found: Tensor = self(picture, (name,))[name]
        return found

    def train(self, mode: bool = True) -> Features:
        """Stay in eval mode."""
        super().train(False)
        return self

    def facts(self) -> dict[str, Any]:
        """What a run's record says about it."""
        return self.source._asdict() | {"factor": self.factor}


def load_features(file: str | Path, scale: FeatureScale = "torchvision") -> Features:
    """The network of a file (.safetensors, or .pth of plain tensors), or a random one for "".

    Known are a full VGG19 in torchvision's and in caffe's layout (keys `features.0.weight` and
    `conv1_1.weight`), its normalised and its distilled forms, and SqueezeNet 1.1. ModelError
    E601 if there is no such file, E602 if it cannot be read, E604 naming a tensor that is
    missing or has another shape.
    """
    if not file:
        source = Source("random", "", "", CONTENT)
        return Features(random_vgg(), source, SPREADS[scale] / RANDOM_SPREAD)
    path = Path(file)
    weights, digest = _read(path)
    for kind, layout in LAYOUTS.items():
        if layout.sign in weights:
            source = Source(kind, path.name, digest, layout.content)
            factor = _factor(kind, layout.spread, scale)
            return Features(layout.build(weights), source, factor)
    wanted = "features.0.weight nor conv1_1.weight"
    raise ModelError("E604", f"{path.name} is no VGG19: neither {wanted}", "another file")


def _factor(kind: str, spread: float | None, scale: FeatureScale) -> float:
    """Stand-ins to the presumed spread; a full VGG19 as it is where its source is the presumed."""
    if spread is not None:
        return SPREADS[scale] / spread
    own: FeatureScale = "caffe" if kind == "vgg19-caffe" else "torchvision"
    return SPREADS[scale] / SPREADS[own]


def _read(path: Path) -> tuple[dict[str, Tensor], str]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    if not path.is_file():
        raise ModelError("E601", f"no perceptual network {path}", "--features FILE")
    content = path.read_bytes()
    try:
        if path.suffix == ".safetensors":
            weights: Any = load(content)
        else:
            weights = torch.load(path, weights_only=True, map_location="cpu")
    except (SafetensorError, OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        first = str(error).splitlines()[0]
        raise ModelError("E602", f"{path.name} cannot be read as tensors ({first})") from error
    if not isinstance(weights, dict):
        raise ModelError("E602", f"{path.name} holds no dictionary of tensors")
    floats = {str(k): v.float() for k, v in weights.items() if isinstance(v, Tensor)}
    return floats, hashlib.sha256(content).hexdigest()
