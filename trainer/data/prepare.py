"""From folders and films of strangers to a data folder of squares with their twins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from livecartoon.errors import OutputError, UsageError
from trainer.data.manifest import DomainRecord, write_manifest
from trainer.data.origins import find_origins
from trainer.data.squares import DomainWriter, Squares
from trainer.data.swapped import look_swapped
from trainer.data.twins import make_twins

DARKEST_SET, BRIGHTEST_SET = 100.0, 150.0
"""Mean luma outside which a style darkens or bleaches whatever it draws."""


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """What `prepare` makes of photos and cartoons."""

    photos: Squares = field(default_factory=Squares)
    cartoons: Squares = field(default_factory=Squares)
    edges: bool = True
    saliency: bool = True
    workers: int = 1


@dataclass(frozen=True, slots=True)
class PrepareReport:
    """What became of the pictures, and what is odd about them."""

    photos: DomainRecord
    cartoons: DomainRecord
    warnings: tuple[str, ...]


def prepare(
    photos: Sequence[Path],
    cartoons: Sequence[Path],
    output: Path,
    rights: str,
    settings: PrepareSettings | None = None,
    tell: Callable[[str, int], None] | None = None,
) -> PrepareReport:
    """Write the data folder `output`, which must not exist, from files, folders and films.

    Squares are named after the content of their picture, so a stopped run goes on where it was.
    `tell` gets a folder of the result and how many of its files are done.
    """
    settings = settings or PrepareSettings()
    tell = tell or (lambda folder, done: None)
    if output.exists():
        raise OutputError("E401", f"{output} exists", "remove it or choose another -o")
    if not rights.strip():
        raise UsageError("E201", "the rights text is empty", "--rights 'CC-BY 4.0, Jane Doe'")
    origins = find_origins(photos), find_origins(cartoons)  # what is missing fails first
    working = output.with_name(f"{output.name}.unfinished")
    records = [
        DomainWriter(working, "photos", settings.photos)(origins[0], tell),
        DomainWriter(working, "cartoons", settings.cartoons)(origins[1], tell),
    ]
    _remove_leftovers(working, records)
    make_twins(working, _twins(settings), settings.workers, tell)
    chosen = {"size": settings.photos.side, "settings": asdict(settings)}
    if settings.cartoons.cell:
        chosen["cell"] = settings.cartoons.cell
    write_manifest(working, rights, chosen, records)
    working.replace(output)
    return PrepareReport(records[0], records[1], tuple(_oddities(records)))


def _twins(settings: PrepareSettings) -> list[tuple[str, str, str]]:
    wanted = []
    if settings.edges:
        wanted.append(("smoothed", "cartoons", "smoothed"))
    if settings.saliency:
        wanted.append(("saliency", "photos", "saliency_photos"))
        wanted.append(("saliency", "cartoons", "saliency_cartoons"))
    return wanted


def _remove_leftovers(working: Path, records: Sequence[DomainRecord]) -> None:
    """Delete what a stopped run with other options left behind."""
    ours = {path for record in records for path in record.squares()}
    names = {Path(path).name for path in ours}
    for path in working.rglob("*.png"):
        is_square = path.parent.name in ("photos", "cartoons")
        known = path.relative_to(working).as_posix() in ours if is_square else path.name in names
        if not known:
            path.unlink()


def _oddities(records: Sequence[DomainRecord]) -> Iterator[str]:
    for record in records:
        if not DARKEST_SET <= record.mean_luma <= BRIGHTEST_SET:
            word = "dark" if record.mean_luma < DARKEST_SET else "bright"
            yield (
                f"the {record.name} are {word} (mean luma {record.mean_luma:.0f}, "
                f"{DARKEST_SET:.0f} to {BRIGHTEST_SET:.0f} is usual): so will the style be"
            )
        if record.enlarged:
            yield f"{record.enlarged} {record.name} were smaller than a square and enlarged"
        if record.unreadable:
            yield f"{len(record.unreadable)} {record.name} could not be read"
    if look_swapped(records[0].flatnesses, records[1].flatnesses):
        yield "the photos are flatter than the cartoons: were --photos and --cartoons swapped?"
