"""One domain on its way into a data folder: sifted, cut into squares, counted."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from livecartoon.errors import InputError, OutputError, UsageError
from trainer.data.decode import Bytes, write_png
from trainer.data.films import Sampling
from trainer.data.manifest import DomainRecord, file_hash
from trainer.data.origins import is_film, stills
from trainer.data.pixelart import enlarge, to_native
from trainer.data.sift import Duplicates, crop_bars, cut, reason_to_drop
from trainer.data.swapped import flatness

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Squares:
    """How pictures become squares; checked when made."""

    side: int = 256
    crops: int = 1
    """Of one picture at most."""
    scale: float | None = None
    """Factor instead of fitting the shorter side: keeps the width of drawn lines."""
    dedup: bool = True
    held_out: float = 0.05
    """Share of the pictures that training never sees."""
    sampling: Sampling = field(default_factory=Sampling)
    cell: int = 0
    """Pixel art: every picture is brought to cells of that many pixels, 0 = it is none."""

    def __post_init__(self) -> None:
        if self.side < 32 or self.side % 4:
            raise UsageError("E201", f"size {self.side} is not a multiple of 4 of at least 32")
        if not 0 <= self.held_out < 0.5:
            raise UsageError("E201", f"val {self.held_out} is outside 0..0.5", "--val 0.05")
        if self.cell and (not 1 <= self.cell <= self.side or self.side % self.cell):
            raise UsageError("E201", f"cell {self.cell} does not divide {self.side}", "4")
        if self.crops < 1:
            raise UsageError("E201", f"{self.crops} crops a picture are impossible", "at least 1")
        if self.scale is not None and not 0.05 <= self.scale <= 8:
            raise UsageError("E201", f"scale {self.scale} is outside 0.05..8", "0.8")


class DomainWriter:
    """Writes the squares of one domain below `folder` and keeps its record."""

    def __init__(self, folder: Path, name: str, squares: Squares) -> None:
        self.record = DomainRecord(name)
        self._folder = folder
        self._squares = squares
        self._kept = Duplicates(only_last=False)
        for made in (folder / name, folder / "held_out" / name):
            try:
                made.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                text = f"{made} cannot be made ({error.strerror})"
                raise OutputError("E402", text, "check folder and rights") from error

    def __call__(self, origins: Sequence[Path], tell: Callable[[str, int], None]) -> DomainRecord:
        """Take the usable pictures of all files; InputError E301 where fewer than two are left."""
        for path in origins:
            self._take(path)
            tell(self.record.name, self.record.count)
        record = self.record
        if record.unreadable:
            log.warning("%d unreadable %s skipped", len(record.unreadable), record.name)
        if record.count < 2:
            dropped = ", ".join(f"{count} {reason}" for reason, count in record.dropped.items())
            raise InputError(
                "E301",
                f"{record.count} usable {record.name} out of {len(origins)} files, training needs "
                f"at least 2{f' (dropped: {dropped})' if dropped else ''}",
                "give more pictures",
                "--no-dedup keeps near-duplicates",
            )
        return record

    def _take(self, path: Path) -> None:
        # Of a film only a repetition of the last frame is one; of a folder any.
        kept = Duplicates(only_last=True) if is_film(path) else self._kept
        made: list[str] = []
        for picture in self._readable(path):
            whole = crop_bars(picture)
            reason = reason_to_drop(whole)
            if reason is None and self._squares.dedup and kept(whole):
                reason = "duplicate"
            squares = self._cut(whole) if reason is None else []
            if isinstance(squares, str):
                reason, squares = squares, []
            if reason is None:
                made += self._write(whole, squares)
            else:
                self.record.drop(reason)
        if made:
            entry = {"file": path.name, "sha256": file_hash(path), "squares": made}
            self.record.origins.append(entry)

    def _readable(self, path: Path) -> Iterator[Bytes]:
        """Yield the pictures of a file up to the first that cannot be read, which is noted."""
        try:
            yield from stills(path, self._squares.sampling)
        except InputError as error:
            log.warning("%s is skipped: %s", path, error.message)
            self.record.unreadable.append(path.name)
            self.record.drop("unreadable")

    def _cut(self, picture: Bytes) -> list[Bytes] | str:
        """Squares of a picture, or why there are none."""
        wanted = self._squares
        if not wanted.cell:
            return cut(picture, wanted.side, wanted.crops, wanted.scale)
        native = to_native(picture)
        if native is None:
            return "no grid"
        side = wanted.side // wanted.cell
        if min(native.shape[:2]) < side:
            return "too few cells"
        pieces = cut(native, side, wanted.crops, scale=1.0)
        return [enlarge(piece, wanted.cell) for piece in pieces]

    def _write(self, picture: Bytes, made_of_it: list[Bytes]) -> list[str]:
        """Store the squares of one picture; return their paths below the data folder."""
        squares, record = self._squares, self.record
        mark = hashlib.sha256(picture.tobytes()).hexdigest()[:16]
        is_held_out = int(mark, 16) < squares.held_out * 16**16
        place = f"held_out/{record.name}" if is_held_out else record.name
        record.enlarged += not squares.cell and min(picture.shape[:2]) < squares.side
        made = []
        for number, square in enumerate(made_of_it):
            made.append(f"{place}/{mark}_{number}.png")
            target = self._folder / made[-1]
            if not target.exists():
                write_png(target, square)
            record.lumas.append(float(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).mean()))
            record.flatnesses.append(flatness(square))
        record.held_out += len(made) if is_held_out else 0
        record.count += 0 if is_held_out else len(made)
        return made
