"""What a data folder holds, where it came from and what may be done with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livecartoon import __version__

SCHEMA = 1


@dataclass
class DomainRecord:
    """What became of the pictures of one domain."""

    name: str
    count: int = 0
    """Squares to train on."""
    held_out: int = 0
    enlarged: int = 0
    """Pictures that were smaller than a square."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason -> pictures."""
    unreadable: list[str] = field(default_factory=list)
    origins: list[dict[str, Any]] = field(default_factory=list)
    """File, its sha256 and the squares made of it."""
    lumas: list[float] = field(default_factory=list)
    flatnesses: list[float] = field(default_factory=list)

    @property
    def mean_luma(self) -> float:
        """Over all squares, 0..255."""
        return sum(self.lumas) / max(1, len(self.lumas))

    def drop(self, reason: str) -> None:
        """Count a picture that is not used."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def squares(self) -> set[str]:
        """Paths of its squares below the data folder."""
        return {path for origin in self.origins for path in origin["squares"]}


def write_manifest(
    folder: Path, rights: str, settings: Mapping[str, Any], records: list[DomainRecord]
) -> None:
    """Store `manifest.json` with the hash of every PNG below `folder`."""
    pictures = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    content = {
        "schema": SCHEMA,
        "made_by": f"livecartoon {__version__} prepare",
        "rights": rights,
        **settings,
        **{record.name: _summary(record) for record in records},
        "sha256": {path: file_hash(folder / path) for path in pictures},
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def file_hash(path: Path) -> str:
    """sha256 of a file, read piece by piece: films are large."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _summary(record: DomainRecord) -> dict[str, Any]:
    return {
        "count": record.count,
        "held_out": record.held_out,
        "enlarged": record.enlarged,
        "dropped": record.dropped,
        "unreadable": record.unreadable,
        "mean_luma": round(record.mean_luma, 1),
        "origins": record.origins,
    }
