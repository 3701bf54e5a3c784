"""Lists of pictures to train on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from livecartoon.errors import InputError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def find_pictures(places: Iterable[Path]) -> list[Path]:
    """Pictures among files, folders and `.txt` lists of paths, sorted within each folder."""
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            found += sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES)
        elif place.suffix == ".txt":
            found += [Path(line) for line in place.read_text(encoding="utf-8").split("\n") if line]
        else:
            found.append(place)
    if not found:
        raise InputError("E301", "no pictures found", "give a folder that holds some")
    return found


def write_people(pairs: Path, photos: Iterable[Path], held_out: bool = False) -> None:
    """Note which pairs show people, for over-sampling."""
    from trainer.targets.folder import pair_name  # its package needs scikit-image

    names = sorted(Path(pair_name(photo.read_bytes(), held_out)).stem for photo in photos)
    (pairs / "people.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
