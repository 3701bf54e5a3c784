"""Neural style transfer (Gatys, Ecker and Bethge, CVPR 2016): a baseline for single pictures.

An optimisation of the pixels, no generator: minutes per picture, so it serves no video.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livecartoon.errors import InputError, ModelError, UsageError
from trainer.losses.style import gram_matrix
from trainer.losses.tv import squared_tv

log = logging.getLogger(__name__)
Bytes = NDArray[np.uint8]
CONTENT = ("conv4_2", "conv3_1")
"""The paper's layer, and what stands in where the network ends before it."""
STYLE = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
STARTS_AT = 1e3
"""What the loss is scaled to at the start."""


class LayeredFeatures(Protocol):
    """A perceptual network: `trainer.features.Features`."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Those it has, in their order."""
        ...

    def __call__(self, picture: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        """Maps before their ReLU of (N, 3, H, W) in [-1, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class GatysConfig:
    """Weights of the paper's equation 7 and the optimiser's work."""

    content_weight: float = 1e-3
    """Relative to the style's 1: the paper's alpha / beta is 1e-3 to 1e-4."""
    tv_weight: float = 1e-5
    """Relative to the style's 1, of the mean square difference of neighbours."""
    iterations: int = 300
    side: int = 512
    """Long side at which pictures are worked on, in pixels."""
    start: Literal["content", "noise"] = "content"
    """`noise` is the paper's."""
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    learning_rate: float = 0.1
    """Of Adam, on pixels in [-1, 1]."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.side < 32:
            raise UsageError("E201", f"{self.iterations} iterations or side {self.side} is too few")


class Losses:
    """The three terms for one photo and one style picture, (1, 3, H, W) in [-1, 1] each."""

    def __init__(
        self, features: LayeredFeatures, photo: Tensor, style: Tensor, config: GatysConfig
    ) -> None:
        self.features, self.config = features, config
        self.content_layer = next((n for n in CONTENT if n in features.layers), "")
        self.style_layers = tuple(name for name in STYLE if name in features.layers)
        if not self.content_layer:
            raise ModelError("E604", f"the perceptual network has none of {', '.join(CONTENT)}")
        with torch.no_grad():
            self.content = torch.relu(features(photo, (self.content_layer,))[self.content_layer])
            self.grams = self._grams(features(style, self.style_layers))

    def __call__(self, picture: Tensor) -> Tensor:
        """Content / 2 + style, each Gram equally weighted, + total variation: a scalar."""
        names = tuple(dict.fromkeys((*self.style_layers, self.content_layer)))
        maps = self.features(picture, names)
        content = (torch.relu(maps[self.content_layer]) - self.content).square().mean() / 2
        pairs = zip(self._grams(maps), self.grams, strict=True)
        style = torch.stack([(ours - wanted).square().sum() for ours, wanted in pairs]).mean()
        variation = squared_tv(picture)
        config = self.config
        return style + config.content_weight * content + config.tv_weight * variation

    def _grams(self, maps: dict[str, Tensor]) -> list[Tensor]:
        return [gram_matrix(torch.relu(maps[name])) for name in self.style_layers]


def stylize(photo: Bytes, style: Bytes, features: LayeredFeatures, config: GatysConfig) -> Bytes:
    """Paint a photo (H, W, 3) like a style picture of any size; the photo's size comes back."""
    height, width = photo.shape[:2]
    content = _tensor(_shrunk(photo, config.side))
    losses = Losses(features, content, _tensor(_shrunk(style, config.side)), config)
    start = content.clone()
    if config.start == "noise":
        rng = torch.Generator().manual_seed(config.seed)
        start = torch.rand(content.shape, generator=rng) * 2 - 1
    drawn = _optimise(start, losses, config)
    levels = ((drawn[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255)
    small = levels.to(torch.uint8).numpy()
    return np.asarray(
        cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8
    )


def stylize_file(
    photo: Path, style: Path, output: Path, features: LayeredFeatures, config: GatysConfig
) -> None:
    """The same for picture files; E302 if one cannot be read."""
    drawn = stylize(_read(photo), _read(style), features, config)
    cv2.imwrite(str(output), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))


def _optimise(start: Tensor, losses: Callable[[Tensor], Tensor], config: GatysConfig) -> Tensor:
    picture = start.clone().requires_grad_(True)
    optimizer: torch.optim.Optimizer
    if config.optimizer == "adam":
        optimizer = torch.optim.Adam([picture], config.learning_rate)
    else:
        optimizer = torch.optim.LBFGS(
            [picture],
            max_iter=1,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
    with torch.no_grad():
        # L-BFGS begins with a step along the plain gradient: networks of other scales must not
        # change how far that goes.
        scale = STARTS_AT / max(float(losses(start)), 1e-12)

    def evaluate() -> Tensor:
        optimizer.zero_grad()
        loss = scale * losses(picture)
        loss.backward()  # type: ignore[no-untyped-call]  # torch
        return loss

    for step in range(config.iterations):
        answer: Any = cast(Any, optimizer).step(evaluate)
        loss = float(answer.detach()) / scale
        if not math.isfinite(loss):
            raise ModelError("E606", f"loss is not finite at iteration {step}", "--adam")
        with torch.no_grad():
            picture.clamp_(-1, 1)
        if step % 50 == 0:
            log.info("iteration %d of %d, loss %.4g", step, config.iterations, loss)
    return picture.detach()


def _shrunk(picture: Bytes, side: int) -> Bytes:
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    smaller = (max(16, round(width * scale)), max(16, round(height * scale)))
    return np.asarray(cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _tensor(picture: Bytes) -> Tensor:
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    return torch.from_numpy(planes)[None].float() / 127.5 - 1


def _read(path: Path) -> Bytes:
    picture = cv2.imread(str(path)) if path.is_file() else None
    if picture is None:
        raise InputError("E302", f"{path} is no picture")
    return np.asarray(picture[:, :, ::-1], dtype=np.uint8)
