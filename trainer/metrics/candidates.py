"""What a row of the table is about: a folder of results, a weights file, or a style by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from livecartoon.errors import InputError, UsageError
from livecartoon.models import load_generator
from livecartoon.models.checkpoint import Checkpoint, read_checkpoint
from livecartoon.models.classic import CLASSIC_INK, CLASSIC_VERSION, Classic
from livecartoon.models.generator import Generator
from livecartoon.models.inkstyle import ink_of
from livecartoon.models.paper_picture import PaperPicture
from livecartoon.models.picture import StudentPicture
from livecartoon.models.released import import_cartoongan
from livecartoon.styles import find_style
from trainer.metrics.arrays import Bytes
from trainer.metrics.pictures import PictureSet, read_set, square

LOOK = (1.0, 1.0, 0.0, 1.0)
"""Ink, strength, keep_color, vivid at identity."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row to be: its pictures by stem, and what is known about how they were made."""

    name: str
    pictures: dict[str, Bytes]
    sha256: str
    params: int | None = None
    gmac_256: float | None = None
    """Billion multiply-adds of the whole picture path at 256x256."""


def open_candidate(text: str, photos: PictureSet, size: int, limit: int = 0) -> Candidate:
    """NAME=PLACE or PLACE alone: a folder, `.safetensors`, CartoonGAN's `.npz`, STYLE[:TIER].

    A network draws the photos as they are; its pictures are then reduced to `size`. Results
    in a folder belong to the photo of the same stem.
    """
    given, separator, place = text.partition("=")
    place = place if separator else given
    path = Path(place)
    name = given if separator else path.stem if path.exists() else place
    if path.is_dir():
        results = read_set(path, size)
        return Candidate(name, results.pictures, results.sha256)
    drawn, sha256, params, gmac = _drawn_by(place, photos)
    return Candidate(
        name, {stem: square(picture, size) for stem, picture in drawn.items()}, sha256, params, gmac
    )


def _drawn_by(place: str, photos: PictureSet) -> tuple[dict[str, Bytes], str, int, float]:
    side = len(next(iter(photos.pictures.values())))
    source, sha256, params = _source(place)
    graph = picture_graph(source, (side, side))
    drawn = {stem: _draw(graph, photo) for stem, photo in photos.pictures.items()}
    return drawn, sha256, params, giga_multiply_adds(picture_graph(source, (256, 256)))


def _source(place: str) -> tuple[Checkpoint | Generator | None, str, int]:
    """Weights, a generator, or None for the classic filter; their hash; parameters."""
    path = Path(place)
    if path.suffix == ".npz":
        generator = import_cartoongan(path)
        return generator, _file_sha256(path), sum(p.numel() for p in generator.parameters())
    if path.suffix != ".safetensors":
        found = _style_file(place)
        if found is None:
            return None, CLASSIC_VERSION, 0
        path = found
    checkpoint = read_checkpoint(path)
    return checkpoint, checkpoint.sha256, sum(a.size for a in checkpoint.tensors.values())


def _style_file(place: str) -> Path | None:
    if "/" in place:
        raise InputError("E301", f"no folder or weights file {place}", "NAME=FOLDER or NAME=FILE")
    text, _, tier = place.partition(":")
    style = find_style(text)
    if not style.files:
        return None
    if tier and tier not in style.files:
        raise UsageError("E201", f"{text} has no tier {tier!r}", f"try: {', '.join(style.files)}")
    return style.files[tier] if tier else style.file_for("small")[1]


def picture_graph(source: Checkpoint | Generator | None, size: tuple[int, int]) -> nn.Module:
    """The graph from uint8 frame to uint8 frame: the one place that knows how models are run."""
    if source is None:
        return StudentPicture(Classic(), CLASSIC_INK, size).eval()
    generator = load_generator(source) if isinstance(source, Checkpoint) else source
    if isinstance(generator, Generator):
        return PaperPicture(generator, size).eval()
    assert isinstance(source, Checkpoint)
    return StudentPicture(generator, ink_of(source.header), size).eval()


@torch.inference_mode()
def _draw(graph: nn.Module, photo: Bytes) -> Bytes:
    drawn: Tensor = graph(torch.from_numpy(photo)[None], torch.tensor(LOOK))
    return drawn[0].contiguous().numpy()


@torch.no_grad()
def giga_multiply_adds(graph: nn.Module) -> float:
    """Billion multiply-adds of one 256x256 picture, every convolution of the graph counted."""
    from torch.utils.flop_counter import FlopCounterMode

    counter: Any = FlopCounterMode(display=False)
    with counter:
        graph(torch.zeros((1, 256, 256, 3), dtype=torch.uint8), torch.tensor(LOOK))
    return float(counter.get_total_flops()) / 2e9


def _file_sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
