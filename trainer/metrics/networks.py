"""The networks that perceptual distances look through, run straight from their weights files.

Keys are those of torchvision's models (`features.N.weight`). Every network answers with the
maps that Zhang et al. 2018 compare; the last one is also what Frechet distances average.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, cat
from torch.nn import functional as F

from trainer.metrics.weights import Weights

Maps = list[Tensor]
_VGG16 = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
_VGG19_TO_CONV4_4 = ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25))
_FIRES = ((3, 4), (6, 7), (9, 10, 11, 12))


def alexnet(weights: Weights, x: Tensor) -> Maps:
    """AlexNet's five maps after ReLU; `x` (N, 3, H, W) normalised."""
    maps = [_conv(weights, 0, x, stride=4, padding=2)]
    for index, padding in ((3, 2), (6, 1), (8, 1), (10, 1)):
        inner = F.max_pool2d(maps[-1], 3, 2) if index in (3, 6) else maps[-1]
        maps.append(_conv(weights, index, inner, padding=padding))
    return maps


def vgg16(weights: Weights, x: Tensor) -> Maps:
    """VGG16's last map of each of five scales, after ReLU."""
    return _vgg(weights, x, _VGG16)


def vgg19(weights: Weights, x: Tensor) -> Maps:
    """VGG19's last map of each of four scales after ReLU, the last of them conv4_4."""
    return _vgg(weights, x, _VGG19_TO_CONV4_4)


def squeezenet(weights: Weights, x: Tensor) -> Maps:
    """SqueezeNet 1.1's seven maps after ReLU, the last with 512 channels."""
    maps = [_conv(weights, 0, x, stride=2)]
    for group in _FIRES:
        inner = F.max_pool2d(maps[-1], 3, 2, ceil_mode=True)
        for index in group:
            inner = _fire(weights, index, inner)
            if index not in (3, 6):  # compared before each pool, and from the fifth fire on
                maps.append(inner)
    return maps


NETWORKS: dict[str, Callable[[Weights, Tensor], Maps]] = {
    "alex": alexnet,
    "squeezenet": squeezenet,
    "vgg16": vgg16,
    "vgg19": vgg19,
}


def _conv(weights: Weights, index: int, x: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
    place = f"features.{index}"
    kernel, bias = weights[f"{place}.weight"], weights[f"{place}.bias"]
    return F.relu(F.conv2d(x, kernel, bias, stride, padding))


def _vgg(weights: Weights, x: Tensor, scales: tuple[tuple[int, ...], ...]) -> Maps:
    maps: Maps = []
    for layers in scales:
        x = F.max_pool2d(x, 2) if maps else x
        for index in layers:
            x = _conv(weights, index, x, padding=1)
        maps.append(x)
    return maps


def _fire(weights: Weights, index: int, x: Tensor) -> Tensor:
    def part(name: str, inner: Tensor, padding: int = 0) -> Tensor:
        place = f"features.{index}.{name}"
        kernel, bias = weights[f"{place}.weight"], weights[f"{place}.bias"]
        return F.relu(F.conv2d(inner, kernel, bias, padding=padding))

    narrow = part("squeeze", x)
    return cat([part("expand1x1", narrow), part("expand3x3", narrow, 1)], 1)
