"""The weights that CartoonGAN's authors released, as a weights file of ours, with its parity."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from livecartoon.errors import InputError, ModelError
from livecartoon.models.generator import Generator
from livecartoon.models.paper_picture import PaperPicture
from livecartoon.models.released import import_cartoongan
from trainer.export_paper import export_generator

Bytes = NDArray[np.uint8]
PARITY_DB = 45.0
"""Demanded. Half-precision weights cost down to 62 dB; reflecting the border where the
reference repeats the edge, down to 46."""


def write_released(
    source: Path, output: Path, *, style: str, licence: str, parity_folder: Path | None
) -> dict[str, float]:
    """Write the released generator in `source` (.npz) as a weights file; returns its parity.

    E601, E602 or E604 if `source` is not that; E604 too if it draws something else.
    """
    generator = import_cartoongan(source)
    found = parity(generator, parity_folder) if parity_folder else {}
    export_generator(
        generator,
        output,
        style=style,
        title=f"CartoonGAN, {style}",
        description="A generator that the authors of CartoonGAN released",
        license=licence,
        license_data="Frames of films and photos, chosen by the authors; no statement of rights",
        dataset="the paper's",
        metrics=json.dumps({f"parity, dB: {name}": round(v, 1) for name, v in found.items()}),
    )
    return found


def parity(generator: Generator, folder: Path) -> dict[str, float]:
    """PSNR in dB of each picture `N_in_*.png` of a folder against `N_out_zero.png`.

    Drawn by the product's own graph, twice: as it is, and (`+ edge`) with the sides extended
    to multiples of 4 as the reference does it. E604 if the worst is below `PARITY_DB`.
    """
    found: dict[str, float] = {}
    for path in sorted(folder.glob("*_in_*.png")):
        photo = _read(path)
        wanted = _read(folder / f"{path.name.split('_')[0]}_out_zero.png")
        height, width = photo.shape[:2]
        found[path.stem] = _psnr(_drawn(generator, photo), wanted)
        if height % 4 or width % 4:
            longer = np.pad(photo, ((0, -height % 4), (0, -width % 4), (0, 0)), "edge")
            drawn = _drawn(generator, longer)[:height, :width]
            found[f"{path.stem} + edge"] = _psnr(drawn, wanted)
    if not found:
        raise InputError("E301", f"no pictures N_in_*.png in {folder}", "--parity FOLDER")
    worst = min(found, key=lambda name: found[name])
    if found[worst] < PARITY_DB:
        raise ModelError(
            "E604", f"{worst} is drawn at {found[worst]:.1f} dB to its reference, not {PARITY_DB}"
        )
    return found


def _drawn(generator: Generator, photo: Bytes) -> Bytes:
    picture = PaperPicture(generator, photo.shape[:2]).eval()
    with torch.inference_mode():
        frame = torch.from_numpy(np.ascontiguousarray(photo))[None]
        drawn: torch.Tensor = picture(frame, torch.tensor([1.0, 1.0, 0.0, 1.0]))
    return np.asarray(drawn[0].numpy(), dtype=np.uint8)


def _read(path: Path) -> Bytes:
    picture = cv2.imread(str(path))
    if picture is None:
        raise InputError("E302", f"{path} is no picture")
    return np.asarray(picture[:, :, ::-1], dtype=np.uint8)


def _psnr(drawn: Bytes, wanted: Bytes) -> float:
    error = float(np.mean((drawn.astype(np.float64) - wanted) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))
