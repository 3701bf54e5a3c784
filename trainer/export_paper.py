"""From a trained generator of a paper to a weights file that the product runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from livecartoon.errors import ModelError, UsageError
from livecartoon.models.checkpoint import write_checkpoint
from livecartoon.models.demal import Demal
from livecartoon.models.generator import Generator, fold
from livecartoon.models.papers import architecture_of, build_generator
from livecartoon.models.pixelcyclegan import NestedUNet
from livecartoon.models.statistics import NORM_MODES, NormMode, freeze, norms_of
from trainer.paper_card import write_paper_card

CITATIONS: dict[str, str] = {
    "animegan1": "Chen, Liu and Chen: AnimeGAN. ISICA 2019",
    "animegan2": "Chen et al.: AnimeGANv2. 2020, published as code",
    "animegan2-lite": "Chen et al.: AnimeGANv2, light generator. 2020, published as code",
    "animegan2-lite-2020": "Chen et al.: AnimeGANv2, light generator. 2020, published as code",
    "animegan3": "Liu, Chen and Gao: double-tail GAN (AnimeGANv3). IEICE 2024",
    "cartoongan": "Chen, Lai and Liu: CartoonGAN. CVPR 2018",
    "cartoongan-light": "CartoonGAN on ShuffleNetV2 units, published as code",
    "cartoonloss": "Dong et al.: CartoonLossGAN. IEEE Transactions on Image Processing 2021",
    "cyclegan": "Zhu et al.: CycleGAN. ICCV 2017",
    "demal": "DEMAL: dual encoders with statistical matching",
    "pixelcyclegan": "Kim: PixelCycleGAN, a nested U-Net in a cycle",
    "salcbam": "Zhang and Yu: saliency-guided CartoonGAN with CBAM",
    "whitebox": "Wang and Yu: White-box Cartoonization. CVPR 2020",
}
UNKNOWN = "not stated"
REQUIRED = ("style", "license", "license_data")


def export_paper(
    tensors: Mapping[str, Tensor],
    name: str,
    path: Path,
    *,
    changes: Mapping[str, object] | None = None,
    norm: NormMode = "live",
    photos: Iterable[Tensor] = (),
    half: bool = True,
    **header: str,
) -> None:
    """Write the trained tensors of generator `name` (a key of PAPERS) as a weights file.

    `changes` are fields of its configuration that differed in training. The rest as in
    `export_generator`; E604 if the tensors are another network's.
    """
    generator = build_generator(name, **(changes or {}))
    try:
        generator.load_state_dict(dict(tensors))
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()
        raise ModelError("E604", f"these tensors are not those of {name}: {first}") from error
    export_generator(generator, path, norm=norm, photos=photos, half=half, **header)


def export_generator(
    generator: Generator,
    path: Path,
    *,
    norm: NormMode = "live",
    photos: Iterable[Tensor] = (),
    half: bool = True,
    **header: str,
) -> None:
    """Write a trained generator, folded for inference, with its full header and its card.

    `norm`: where its norms take their statistics from at run time; "frozen" measures them on
    `photos`, (1, 3, H, W) in [-1, 1]. `header`: fields of the weights file; `style`, `license`
    and `license_data` are needed. The generator is changed. E201 for a missing field.
    """
    if missing := [key for key in REQUIRED if not header.get(key)]:
        raise UsageError("E201", f"a weights file needs {', '.join(missing)}")
    generator = _stripped(generator)
    if norm == "frozen":
        _freeze(generator, photos)
    dtype = np.float16 if half else np.float32
    with np.errstate(over="ignore"):
        arrays = {
            name: np.ascontiguousarray(value.cpu().numpy().astype(dtype))
            for name, value in generator.state_dict().items()
        }
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ModelError("E606", "a tensor is not finite, or too large for half precision")
    write_checkpoint(path, arrays, paper_header(generator, norm) | header)
    write_paper_card(path)


def paper_header(generator: Generator, norm: NormMode) -> dict[str, str]:
    """What a generator itself says about its file, and placeholders for what it cannot know."""
    assert norm in NORM_MODES
    arch = architecture_of(generator)
    return {
        "title": "",
        "description": "",
        "arch": arch,
        "arch_config": json.dumps(generator.config_dict()),
        "norm": norm,
        "stride": str(generator.multiple),
        "input": "rgb;-1..1;nchw",
        "output": "rgb;-1..1;nchw",
        "temporal": json.dumps({"mode": "blend", "strength": 0.6}),
        "fp16": "fp32-norm" if norms_of(generator) else "ok",
        "paper": CITATIONS[arch],
        "dataset": UNKNOWN,
        "steps": UNKNOWN,
        "seed": UNKNOWN,
        "date": datetime.now(UTC).date().isoformat(),
        "metrics": "{}",
    }


def _stripped(generator: Generator) -> Generator:
    """Without what only training needs; DEMAL keeps its style apart, so that files can blend."""
    if isinstance(generator, NestedUNet):
        generator = generator.at_depth(generator.config.depth)
    if isinstance(generator, Demal):
        style = generator.style
        generator.set_style(generator.matcher.neutral())
        fold(generator)
        generator.set_style(style)
    else:
        fold(generator)
    return generator


def _freeze(generator: nn.Module, photos: Iterable[Tensor]) -> None:
    try:
        freeze(generator, photos)
    except ValueError as error:
        raise UsageError("E201", f"norm frozen: {error}", "--photos FOLDER") from error
