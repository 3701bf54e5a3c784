"""Weights files made from weights files: other norm statistics, styles in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from livecartoon.errors import InputError, UsageError
from livecartoon.models.checkpoint import Checkpoint, Tensors, read_checkpoint, write_checkpoint
from livecartoon.models.demal_match import Style
from livecartoon.models.papers import load_paper, norm_mode_of
from livecartoon.models.statistics import NormMode
from trainer.data.folder import find_pictures
from trainer.export_paper import export_generator
from trainer.paper_card import write_paper_card

CALIBRATION_SIDE = 360
"""Short side, in pixels, of the photos that norms are frozen on: moments depend on the size."""
STYLE_TENSORS = ("style_spread", "style_mean")


def with_norm(source: Path, output: Path, norm: NormMode, photos: tuple[Path, ...] = ()) -> None:
    """Write a paper's weights file again with its norms' statistics from elsewhere.

    "frozen" measures them on the photos given, pictures or folders. E202 if the file's own
    are frozen already, for then the norms are gone.
    """
    checkpoint = read_checkpoint(source)
    if norm_mode_of(checkpoint) == "frozen":
        raise UsageError(
            "E202", f"the norms of {source.name} are frozen already", "an earlier file"
        )
    generator = load_paper(checkpoint)
    pictures = calibration(photos) if norm == "frozen" else ()
    export_generator(generator, output, norm=norm, photos=pictures, **_kept(checkpoint))


def blend_styles(first: Path, second: Path, output: Path, share: float) -> None:
    """Write DEMAL's style between two files of one network, `share` 0 the first, 1 the second.

    E202 if the files differ in more than their styles.
    """
    if not 0 <= share <= 1:
        raise UsageError("E201", f"share {share} is outside 0..1")
    one, other = (read_checkpoint(path) for path in (first, second))
    if one.architecture != "demal" or not _is_same_network(one.tensors, other.tensors):
        raise UsageError(
            "E202", f"{first.name} and {second.name} are not two styles of one DEMAL network"
        )
    blended = _style(one).towards(_style(other), share)
    tensors = one.tensors | {
        name: part.numpy().astype(one.tensors[name].dtype)
        for name, part in zip(STYLE_TENSORS, blended, strict=True)
    }
    names = [checkpoint.header.get("style", "") for checkpoint in (one, other)]
    header = _without_hash(one.header)
    header["style"] = output.stem
    header["description"] = f"Between {names[0]} and {names[1]}, {share:.0%} of the second"
    write_checkpoint(output, tensors, header)
    write_paper_card(output)


def calibration(photos: tuple[Path, ...]) -> Iterator[Tensor]:
    """Photos (1, 3, H, W) in [-1, 1] at the size that norms are frozen on; E302."""
    for path in find_pictures(photos):
        picture = cv2.imread(str(path))
        if picture is None:
            raise InputError("E302", f"{path} is no picture")
        shrink = min(1.0, CALIBRATION_SIDE / min(picture.shape[:2]))
        # Whole multiples of 32 suit every generator.
        height, width = (max(32, round(side * shrink / 32) * 32) for side in picture.shape[:2])
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        rgb = np.ascontiguousarray(picture[:, :, ::-1].transpose(2, 0, 1))
        yield torch.from_numpy(rgb)[None].float() / 127.5 - 1


def _kept(checkpoint: Checkpoint) -> dict[str, Any]:
    """Header fields that stay true of the same network with other statistics."""
    derived = {"arch", "arch_config", "norm", "stride", "fp16", "input", "output", "metrics"}
    header = _without_hash(checkpoint.header)
    return {key: value for key, value in header.items() if key not in derived}


def _without_hash(header: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in header.items() if key not in ("sha256_tensors", "format")}


def _is_same_network(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(
        name in STYLE_TENSORS or np.array_equal(one[name], other[name]) for name in one
    )


def _style(checkpoint: Checkpoint) -> Style:
    parts = (checkpoint.tensors[name].astype(np.float32) for name in STYLE_TENSORS)
    return Style(*(torch.from_numpy(part) for part in parts))
