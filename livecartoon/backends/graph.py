"""The torch graph of an engine's specification; the only door from backends to models."""

from __future__ import annotations

import torch
from torch import Tensor

from livecartoon.backends.base import EngineSpec
from livecartoon.config import Look
from livecartoon.errors import ModelError
from livecartoon.models import load_generator
from livecartoon.models.checkpoint import read_checkpoint
from livecartoon.models.classic import CLASSIC_INK, Classic
from livecartoon.models.generator import Generator
from livecartoon.models.load import load_ink
from livecartoon.models.paper_picture import PaperPicture
from livecartoon.models.picture import StudentPicture


def build_graph(spec: EngineSpec) -> StudentPicture | PaperPicture:
    """Load the weights and wrap them into the whole picture path, FP32, eval mode."""
    size = spec.height, spec.width
    if spec.weights is None:
        return StudentPicture(Classic(), CLASSIC_INK, size, spec.reduction, spec.layers).eval()
    checkpoint = read_checkpoint(spec.weights)
    if checkpoint.identity != spec.weights_sha256:
        raise ModelError("E605", f"{spec.weights.name} changed since its header was read")
    generator = load_generator(checkpoint)
    if isinstance(generator, Generator):
        return PaperPicture(generator, size, spec.reduction, spec.layers).eval()
    ink = load_ink(checkpoint)
    return StudentPicture(generator, ink, size, spec.reduction, spec.layers).eval()


def look_tensor(look: Look) -> Tensor:
    """The sliders as the graph takes them: ink, strength, keep_color, vivid."""
    return torch.tensor([look.ink, look.strength, look.keep_color, look.vivid])


def example_inputs(spec: EngineSpec) -> tuple[Tensor, Tensor]:
    """A mid-grey frame and identity sliders, to trace the graph with."""
    frame = torch.full((1, spec.height, spec.width, 3), 128, dtype=torch.uint8)
    return frame, look_tensor(Look())
