"""Targets for a whole set of photos, as uncompressed .npz pairs that a trainer can stream."""

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.targets.parameters import FillParameters
from trainer.targets.pipeline import Fills, draw_target, make_fills
from trainer.targets.planes import Array
from trainer.targets.styles import find_style

_HELD_OUT_EVERY = 9
_SIDE_MULTIPLE = 4  # the student works on 4x4 blocks


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What became of the photos: how many got pairs, how many had them, which are unreadable."""

    written: int
    skipped: int
    unreadable: tuple[Path, ...]


def make_targets(
    photos: Sequence[Path],
    folders: Mapping[str, Path],
    *,
    held_out: bool = False,
    short: int = 400,
    long: int = 640,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> FolderReport:
    """Write one pair per photo and style: uint8 `photo`, `graded`, `flat` and `line`.

    `folders` says where each style's pairs go. The name starts with h when the pair is held out
    from training, else t, and follows from the photo's bytes, so a stopped run goes on where it
    was; `held_out` keeps all of them from training. `progress` gets (photos done, all).
    """
    for style, folder in folders.items():
        find_style(style)  # an unknown name fails here, not in a worker
        folder.mkdir(parents=True, exist_ok=True)
    job = partial(_make_pairs, folders=folders, held_out=held_out, short=short, long=long)
    results: dict[str, list[Path]] = {"written": [], "skipped": [], "unreadable": []}
    for done, (photo, result) in enumerate(_run(job, photos, workers), start=1):
        results[result].append(photo)
        if progress is not None:
            progress(done, len(photos))
    return FolderReport(
        len(results["written"]), len(results["skipped"]), tuple(results["unreadable"])
    )


def pair_name(content: bytes, held_out: bool = False) -> str:
    """File name of the pair made from a photo with these bytes; one in nine is held out."""
    digest = hashlib.sha256(content).hexdigest()[:12]
    held_out = held_out or int(digest, 16) % _HELD_OUT_EVERY == 0
    return f"{'h' if held_out else 't'}_{digest}.npz"


def read_photo(content: bytes, short: int, long: int) -> Array | None:
    """Decode to float32 RGB within short x long px, sides a multiple of 4; None if no picture."""
    encoded = np.frombuffer(content, np.uint8)
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if encoded.size else None
    if decoded is None:
        return None
    h, w = decoded.shape[:2]
    scale = min(1.0, short / min(h, w), long / max(h, w))
    sides = [max(1, int(side * scale) // _SIDE_MULTIPLE) * _SIDE_MULTIPLE for side in (w, h)]
    resized = cv2.resize(decoded, sides, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(resized, cv2.COLOR_BGR2RGB).astype(np.float32) / np.float32(255)


def _run(
    job: Callable[[Path], tuple[Path, str]], photos: Sequence[Path], workers: int
) -> Iterator[tuple[Path, str]]:
    if workers == 1:
        yield from map(job, photos)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _use_one_thread) as pool:
        yield from pool.imap_unordered(job, photos)


def _use_one_thread() -> None:
    cv2.setNumThreads(1)


def _make_pairs(
    photo: Path, *, folders: Mapping[str, Path], held_out: bool, short: int, long: int
) -> tuple[Path, str]:
    content = photo.read_bytes()
    name = pair_name(content, held_out)
    missing = [style for style, folder in folders.items() if not (folder / name).exists()]
    if not missing:
        return photo, "skipped"
    picture = read_photo(content, short, long)
    if picture is None:
        return photo, "unreadable"
    fills: dict[FillParameters, Fills] = {}
    for style in missing:
        parameters = find_style(style)
        if parameters.fills not in fills:
            fills[parameters.fills] = make_fills(picture, parameters.fills)
        target = draw_target(fills[parameters.fills], parameters)
        _write_atomically(
            folders[style] / name,
            photo=_to_uint8(picture),
            graded=_to_uint8(target.graded),
            flat=_to_uint8(target.flat),
            line=_to_uint8(target.line),
        )
    return photo, "written"


def _write_atomically(path: Path, **arrays: NDArray[np.uint8]) -> None:
    """A killed run leaves no half-written pair under the final name."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp")
    with temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
    temporary.replace(path)


def _to_uint8(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), dtype=np.uint8)
