"""The papers' generators by name: their published sizes, smaller ones, and tiny twins."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import torch

from livecartoon.errors import ModelError, UsageError
from livecartoon.models.checkpoint import Checkpoint, Tensors
from livecartoon.models.generator import Generator, fold
from livecartoon.models.statistics import NORM_MODES, NormMode, put_frozen

_AT = "livecartoon.models."


class Paper(NamedTuple):
    """Where a generator is and how it is configured."""

    place: str
    """`module:Class`; nothing is imported yet."""
    config: Mapping[str, Any]


#: Name -> generator. The entries with an empty configuration are what the papers describe.
PAPERS: dict[str, Paper] = {
    "animegan1": Paper(_AT + "animegan1:AnimeGAN1", {}),
    "animegan1-tiny": Paper(_AT + "animegan1:AnimeGAN1", {"width": 16, "blocks": 2}),
    "animegan2": Paper(_AT + "animegan2:AnimeGAN2", {}),
    "animegan2-lite": Paper(_AT + "animegan2_lite:AnimeGAN2Lite", {}),
    "animegan2-lite-2020": Paper(_AT + "animegan2_lite:AnimeGAN2Early", {}),
    "animegan2-lite-2020-tiny": Paper(
        _AT + "animegan2_lite:AnimeGAN2Early", {"width": 8, "blocks": 2}
    ),
    "animegan2-lite-tiny": Paper(_AT + "animegan2_lite:AnimeGAN2Lite", {"width": 8, "blocks": 2}),
    "animegan2-tiny": Paper(_AT + "animegan2:AnimeGAN2", {"width": 8, "blocks": 2}),
    "animegan3": Paper(_AT + "animegan3:AnimeGAN3", {}),
    "animegan3-tiny": Paper(_AT + "animegan3:AnimeGAN3", {"width": 8, "slots": 32}),
    "cartoongan": Paper(_AT + "cartoongan:CartoonGAN", {}),
    "cartoongan-light": Paper(_AT + "cartoongan_light:CartoonGANLight", {}),
    "cartoongan-light-tiny": Paper(
        _AT + "cartoongan_light:CartoonGANLight", {"width": 24, "blocks": 2}
    ),
    "cartoongan-tiny": Paper(_AT + "cartoongan:CartoonGAN", {"width": 16, "blocks": 2}),
    "cartoonloss": Paper(_AT + "cartoonloss:CartoonLoss", {}),
    "cartoonloss-tiny": Paper(_AT + "cartoonloss:CartoonLoss", {"width": 8, "blocks": 2}),
    "cyclegan": Paper(_AT + "cyclegan:CycleGAN", {}),
    "cyclegan-light": Paper(
        _AT + "cyclegan:CycleGAN", {"width": 32, "blocks": 6, "input_skip": True}
    ),
    "cyclegan-tiny": Paper(
        _AT + "cyclegan:CycleGAN", {"width": 16, "blocks": 4, "input_skip": True}
    ),
    "demal": Paper(_AT + "demal:Demal", {}),
    "demal-tiny": Paper(
        _AT + "demal:Demal", {"width": 8, "encoder_blocks": 2, "decoder_blocks": 2}
    ),
    "demal-xs": Paper(_AT + "demal:Demal", {"width": 16}),
    "pixelcyclegan": Paper(_AT + "pixelcyclegan:NestedUNet", {}),
    "pixelcyclegan-slim": Paper(
        _AT + "pixelcyclegan:NestedUNet", {"widths": (16, 32, 64, 128, 256)}
    ),
    "pixelcyclegan-standard": Paper(
        _AT + "pixelcyclegan:NestedUNet", {"widths": (32, 64, 128, 256, 512)}
    ),
    "pixelcyclegan-tiny": Paper(_AT + "pixelcyclegan:NestedUNet", {"widths": (8, 16, 32, 64)}),
    "salcbam": Paper(_AT + "salcbam:SalCBAM", {}),
    "salcbam-tiny": Paper(
        _AT + "salcbam:SalCBAM", {"width": 16, "blocks": 2, "saliency_blocks": 1}
    ),
    "whitebox": Paper(_AT + "whitebox:WhiteBox", {}),
    "whitebox-tiny": Paper(_AT + "whitebox:WhiteBox", {"width": 8, "blocks": 2}),
}


def build_generator(name: str, **changes: object) -> Generator:
    """The untrained generator of that name, with fields of its configuration changed.

    UsageError E201 for an unknown name or field or a value out of range.
    """
    paper = PAPERS.get(name)
    if paper is None:
        near = ", ".join(get_close_matches(name, PAPERS, 3)) or ", ".join(PAPERS)
        raise UsageError("E201", f"unknown generator {name!r}", f"try: {near}")
    try:
        return _build(paper.place, {**paper.config, **changes})
    except (TypeError, ValueError) as error:
        raise UsageError("E201", f"generator {name}: {error}") from error


def architecture_of(generator: Generator) -> str:
    """Name of a generator's kind in a weights file, whatever its size."""
    kind = type(generator)
    place = f"{kind.__module__}:{kind.__qualname__}"
    return next(name for name, paper in PAPERS.items() if paper.place == place)


def norm_mode_of(checkpoint: Checkpoint) -> NormMode:
    """Where the norms of a weights file take their statistics from; E604 for an unknown mode."""
    given = checkpoint.header.get("norm", "live")
    for mode in NORM_MODES:
        if given == mode:
            return mode
    raise ModelError("E604", f"unknown norm {given!r}; known: {', '.join(NORM_MODES)}", "update")


def load_paper(checkpoint: Checkpoint) -> Generator:
    """The generator of a weights file, for inference; E604 if shapes differ.

    The file holds what `fold` leaves (DEMAL's style still apart from the network, or folded)
    and, for `norm = frozen`, gains and shifts in the place of norms.
    """
    if checkpoint.architecture not in PAPERS:
        raise ModelError("E604", f"unknown architecture {checkpoint.architecture!r}", "update")
    try:
        generator = _build(
            PAPERS[checkpoint.architecture].place, checkpoint.json_field("arch_config")
        )
    except (TypeError, ValueError) as error:
        raise ModelError("E604", f"{checkpoint.architecture}: {error}") from error
    fold(generator)
    if norm_mode_of(checkpoint) == "frozen":
        put_frozen(generator)
    _fill(generator, checkpoint.tensors)
    fold(generator)  # DEMAL's style came with the tensors
    return generator


def _fill(generator: Generator, tensors: Tensors) -> None:
    wanted = {name: tuple(value.shape) for name, value in generator.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in tensors.items()}
    if wanted != given:
        names = wanted.keys() | given.keys()
        different = sorted(name for name in names if wanted.get(name) != given.get(name))
        raise ModelError(
            "E604", f"{len(different)} tensors differ from the architecture, first {different[0]}"
        )
    generator.load_state_dict(
        {name: torch.from_numpy(array.astype(np.float32)) for name, array in tensors.items()}
    )


def _build(place: str, config: Mapping[str, Any]) -> Generator:
    module, _, name = place.partition(":")
    kind: Any = getattr(import_module(module), name)
    generator: Generator = kind(kind.config_type(**config))
    return generator
