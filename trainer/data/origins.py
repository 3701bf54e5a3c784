"""What a user may hand over as photos or cartoons: pictures, films, folders, lists of paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from livecartoon.errors import InputError
from trainer.data.decode import Bytes, read_rgb
from trainer.data.films import Sampling, sample_film
from trainer.data.folder import SUFFIXES

FILM_SUFFIXES = {
    *(".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
    *(".mts", ".ogv", ".ts", ".webm", ".wmv"),
}


def is_film(path: Path) -> bool:
    """Whether `path` is named like a video."""
    return path.suffix.lower() in FILM_SUFFIXES


def find_origins(places: Iterable[Path]) -> list[Path]:
    """Pictures and films among files, folders and `.txt` lists of paths, sorted within each.

    InputError E301 where a place does not exist or all of them hold nothing.
    """
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            wanted = SUFFIXES | FILM_SUFFIXES
            found += sorted(p for p in place.rglob("*") if p.suffix.lower() in wanted)
        elif place.suffix == ".txt" and place.exists():
            found += _listed(place)
        elif place.exists():
            found.append(place)
        else:
            raise InputError("E301", f"{place} does not exist", "check the path")
    if not found:
        named = ", ".join(str(place) for place in places)
        raise InputError("E301", f"no pictures or films in {named}", "give a folder of them")
    return found


def _listed(place: Path) -> list[Path]:
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("E302", f"{place} is no list of paths", "one path a line") from error
    return [Path(line.strip()) for line in lines if line.strip()]


def stills(path: Path, sampling: Sampling) -> Iterator[Bytes]:
    """Yield the pictures of one file as RGB (H, W, 3); InputError where it cannot be read."""
    if is_film(path):
        yield from sample_film(path, sampling)
        return
    picture = read_rgb(path)
    if picture is None:
        raise InputError("E302", f"{path} is no picture", "is the file whole?")
    yield picture
