"""Commands about weights files and single pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click


@click.command(name="import-cartoongan")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--license", "licence", required=True, help="Under which you use the weights.")
@click.option("--name", default="cartoongan-shinkai", show_default=True, help="Style's name.")
@click.option(
    "--parity",
    type=click.Path(path_type=Path),
    help="Folder of N_in_*.png and N_out_zero.png; default `parity` beside FILE, if there.",
)
def import_cartoongan(
    file: Path, output: Path, licence: str, name: str, parity: Path | None
) -> None:
    """Write the generator that CartoonGAN's authors released (.npz) as a weights file.

    Example: python -m trainer import-cartoongan shinkai.npz -o shinkai-paper.safetensors \
    --license "research only"
    """
    from trainer.released import write_released

    beside = file.parent / "parity"
    folder = parity or (beside if beside.is_dir() else None)
    found = write_released(file, output, style=name, licence=licence, parity_folder=folder)
    click.echo("these weights are their authors'; you answer for the licence stated", err=True)
    if not found:
        click.echo("no parity pictures: nothing was compared", err=True)
    for picture, decibels in found.items():
        click.echo(f"{picture:<24}  {decibels:5.1f} dB")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--to", "mode", required=True, type=click.Choice(["live", "frozen", "ema-inputs"]))
@click.option("--photos", multiple=True, type=click.Path(path_type=Path, exists=True))
def norm(
    file: Path,
    output: Path,
    mode: Literal["live", "frozen", "ema-inputs"],
    photos: tuple[Path, ...],
) -> None:
    """Choose where the norms of a paper's weights FILE take their statistics from.

    live: each frame, as the papers do. frozen: measured once, on --photos. ema-inputs: a running
    mean of the clip.
    """
    from trainer.rework import with_norm

    with_norm(file, output, mode, photos)


@click.command()
@click.argument("first", type=click.Path(path_type=Path, exists=True))
@click.argument("second", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--share", default=0.5, show_default=True, help="Of the second style, 0..1.")
def blend(first: Path, second: Path, output: Path, share: float) -> None:
    """Write the style between two styles of one DEMAL network."""
    from trainer.rework import blend_styles

    blend_styles(first, second, output, share)


@click.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.argument("style", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--features", required=True, type=click.Path(path_type=Path), help="File of a VGG19.")
@click.option("--iterations", default=300, show_default=True)
@click.option("--side", default=512, show_default=True, help="Long side worked on, pixels.")
@click.option("--content-weight", default=1e-3, show_default=True, help="Relative to the style.")
@click.option("--noise", is_flag=True, help="Start from noise, as in the paper.")
@click.option("--adam", is_flag=True, help="Adam instead of L-BFGS.")
def gatys(
    photo: Path,
    style: Path,
    output: Path,
    features: Path,
    iterations: int,
    side: int,
    content_weight: float,
    noise: bool,
    adam: bool,
) -> None:
    """Paint one PHOTO like the picture STYLE by optimising its pixels: minutes, no video.

    Example: python -m trainer gatys photo.jpg art.webp -o painted.png --features vgg19.safetensors
    """
    from trainer.features import load_features
    from trainer.gatys import GatysConfig, stylize_file

    config = GatysConfig(
        content_weight=content_weight,
        iterations=iterations,
        side=side,
        start="noise" if noise else "content",
        optimizer="adam" if adam else "lbfgs",
    )
    stylize_file(photo, style, output, load_features(features), config)


WEIGHTS_COMMANDS = (import_cartoongan, norm, blend, gatys)
