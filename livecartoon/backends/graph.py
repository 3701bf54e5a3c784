"""The torch graph of an engine's specification; the only door from backends to models."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livecartoon.backends.base import EngineSpec, look_values
from livecartoon.config import Look
from livecartoon.errors import EngineError, ModelError
from livecartoon.models import load_generator
from livecartoon.models.checkpoint import read_checkpoint
from livecartoon.models.classic import CLASSIC_INK, Classic
from livecartoon.models.clip_picture import ClipPicture
from livecartoon.models.generator import Generator
from livecartoon.models.inkstyle import ink_of
from livecartoon.models.inner import MapsInBlocks
from livecartoon.models.overlay import Overlay
from livecartoon.models.paper_picture import PaperPicture
from livecartoon.models.papers import norm_mode_of
from livecartoon.models.picture import StudentPicture
from livecartoon.models.statistics import norms_of
from livecartoon.models.student import Student
from livecartoon.models.tablelayer import TableLayer


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
        has_memory = norm_mode_of(checkpoint) == "ema-inputs"
        kind = ClipPicture if has_memory and norms_of(generator) else PaperPicture
        return kind(generator, size, spec.reduction, spec.layers).eval()
    overlay = spec.overlay or Overlay()
    ink, lattice = overlay.lines(ink_of(checkpoint.header)), overlay.lattice()
    table = None if lattice is None else TableLayer(lattice)
    return StudentPicture(generator, ink, size, spec.reduction, spec.layers, table).eval()


def build_inner(spec: EngineSpec) -> MapsInBlocks:
    """The part of a student's graph that takes and gives blocks; FP32, eval mode."""
    generator = build_graph(spec).generator
    assert isinstance(generator, Student)
    return MapsInBlocks(generator).eval()


def look_tensor(look: Look) -> Tensor:
    """The sliders as the graph takes them: ink, strength, keep_color, vivid."""
    return torch.from_numpy(look_values(look))


def example_inputs(spec: EngineSpec, memory_size: int = 0) -> tuple[Tensor, ...]:
    """A mid-grey frame, identity sliders and, if the graph has one, an empty memory."""
    frame = torch.full((1, spec.height, spec.width, 3), 128, dtype=torch.uint8)
    inputs = frame, look_tensor(Look())
    return (*inputs, torch.zeros(memory_size)) if memory_size else inputs


class CastAtBorder(nn.Module):
    """A picture path in which bytes are cast first and last, and nothing else is done to them.

    For compilers that let uint8 tensors into a cast only (TensorRT and its relatives).
    """

    def __init__(self, picture: StudentPicture | PaperPicture, dtype: torch.dtype) -> None:
        super().__init__()
        self.picture = picture.to(dtype)
        self.picture.levels_type = dtype

    def forward(self, frame: Tensor, look: Tensor) -> Tensor:
        """(1, H, W, 3) uint8 and (4,) sliders of the path's type to (1, H, W, 3) uint8."""
        levels: Tensor = self.picture(frame.to(look.dtype), look)
        return levels.to(torch.uint8)


def without_memory(spec: EngineSpec) -> StudentPicture | PaperPicture:
    """The graph for backends that run no memory of the clip; EngineError E503 if it has one."""
    graph = build_graph(spec)
    if graph.memory_size:
        raise EngineError(
            "E503",
            "a style with a memory of the clip runs on openvino and torch only",
            "drop --backend",
        )
    return graph
