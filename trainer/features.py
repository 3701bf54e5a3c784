"""Frozen perceptual networks, read from a file; nothing is ever downloaded."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.errors import ModelError


class Features(nn.Module):
    """Names of layers and a picture in, maps before their ReLU out; always float32.

    Learns nothing, but passes gradients on to the picture.
    """

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        super().__init__()
        self.layers = tuple(
            sorted(key.removesuffix(".weight") for key in tensors if _is_layer(key))
        )
        """Names `convN_K` in their order."""
        self.tensors = tensors

    def forward(self, picture: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """(N, 3, H, W) RGB in [-1, 1] in; maps by name."""
        x = F.conv2d((picture.float() + 1) / 2, *self._kernel("conv0"))
        found: dict[str, Tensor] = {}
        for name in self.layers:
            if name.endswith("_1") and name != "conv1_1":
                x = F.max_pool2d(x, 2, ceil_mode=True)
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), *self._kernel(name))
            if name in names:
                found[name] = x
            if len(found) == len(names):
                break
            x = F.relu(x)
        return found

    def _kernel(self, name: str) -> tuple[Tensor, Tensor]:
        return self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]


def load_features(file: str | Path) -> Features:
    """The VGG19 of a file with keys `conv0`, `conv1_1`, ...; E601, E602, E604."""
    path = Path(file)
    if not path.is_file():
        raise ModelError("E601", f"no perceptual network {path}", "--features FILE")
    try:
        tensors = {key: value.float() for key, value in load_file(path).items()}
    except (SafetensorError, OSError) as error:
        raise ModelError("E602", f"{path.name} cannot be read as tensors ({error})") from error
    for key in ("conv0.weight", "conv0.bias", "conv1_1.weight", "conv1_1.bias"):
        if key not in tensors:
            raise ModelError("E604", f"perceptual network: no tensor {key!r}", "another file")
    return Features(tensors)


def _is_layer(key: str) -> bool:
    return key.endswith(".weight") and key.count("_") == 1 and key.startswith("conv")
