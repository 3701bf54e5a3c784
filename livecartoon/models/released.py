"""Loading the CartoonGAN weights that its authors released, from a converted array file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from livecartoon.errors import ModelError
from livecartoon.models.cartoongan import CartoonGAN, CartoonGANConfig

BLOCKS = 8
RELEASED = CartoonGANConfig(upsample="deconv", pad_mid="zeros")


def import_cartoongan(npz_path: Path) -> CartoonGAN:
    """The released generator, for inference, taking and giving RGB like all of ours.

    The file holds `convNN_k.weight`, `deconvNN_k.bias`, `inNN_k.scale` and the like. The
    network was trained on BGR: its first and last kernels are turned around here, which is
    exact. Its eps of 1e-9 becomes ours, 0.03 levels away. E601, E602 or E604 if it is not so.
    """
    stored = _read(npz_path)
    places = _places()
    if missing := sorted(set(places) - set(stored)):
        raise ModelError("E604", f"{npz_path.name} lacks {len(missing)} arrays, first {missing[0]}")
    state = {ours: torch.from_numpy(stored[key].astype(np.float32)) for key, ours in places.items()}
    for name, axis in (("stem.0.weight", 1), ("out.weight", 0), ("out.bias", 0)):
        state[name] = state[name].flip(axis)
    generator = CartoonGAN(RELEASED)
    _check_shapes(state, generator.state_dict())
    generator.load_state_dict(state)
    return generator.eval().requires_grad_(False)


def _read(npz_path: Path) -> dict[str, np.ndarray]:
    if not npz_path.is_file():
        raise ModelError("E601", f"no weights file {npz_path}")
    try:
        with npz_path.open("rb") as file:  # numpy leaves one that it cannot read open
            arrays = np.load(file, allow_pickle=False)
            if isinstance(arrays, np.ndarray):
                raise ValueError("a single array")
            return {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError("E602", f"{npz_path.name} is not an array file ({error})") from error


def _check_shapes(given: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    different = sorted(name for name in wanted if given[name].shape != wanted[name].shape)
    if different:
        raise ModelError(
            "E604", f"{len(different)} tensors differ from the architecture, first {different[0]}"
        )


def _places() -> dict[str, str]:
    """Array of the file -> tensor of `CartoonGAN`."""
    convs = {"conv01_1": "stem.0", "deconv03_1": "out"}
    norms = {"in01_1": "stem.1"}
    for scale in (1, 2):
        for step in (1, 2):
            convs[f"conv0{scale + 1}_{step}"] = f"down{scale}.{step - 1}"
            convs[f"deconv0{scale}_{step}"] = f"up{scale}.{step - 1}"
        norms[f"in0{scale + 1}_1"] = f"down{scale}.2"
        norms[f"in{scale + 11}_1"] = f"up{scale}.2"
    for block in range(BLOCKS):
        for step in (1, 2):
            convs[f"conv{block + 4:02}_{step}"] = f"body.{block}.body.{3 * step - 3}"
            norms[f"in{block + 4:02}_{step}"] = f"body.{block}.body.{3 * step - 2}"
    places = {f"{a}.{part}": f"{b}.{part}" for a, b in convs.items() for part in ("weight", "bias")}
    for theirs, ours in norms.items():
        places |= {f"{theirs}.scale": f"{ours}.weight", f"{theirs}.shift": f"{ours}.bias"}
    return places
