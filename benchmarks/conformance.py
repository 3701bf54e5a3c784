"""Is a converted file the source in all but its pixels? Stream by stream, from both files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import MediaFacts, inspect

#: Seconds a time stamp may be off, by suffix; 0 elsewhere. Matroska keeps milliseconds.
TOLERANCE = {".mkv": Fraction(1, 2000), ".webm": Fraction(1, 2000)}


@dataclass(frozen=True, slots=True)
class Row:
    """One property of the two files."""

    what: str
    source: str
    output: str
    is_same: bool


def compare(source: Path, output: Path) -> list[Row]:
    """Return one row per property that has to be kept."""
    before, after = inspect(source), inspect(output)
    return [
        *_picture(source, before, after),
        *_times(output, before, after),
        *_sound(before, after),
    ]


def _picture(source: Path, before: MediaFacts, after: MediaFacts) -> Iterator[Row]:
    with FileSource(source) as opened:
        info = opened.info
    even = (info.width + info.width % 2, info.height + info.height % 2)
    size = (after.width, after.height)
    yield Row(
        "size, upright",
        f"{info.width}x{info.height}",
        f"{after.width}x{after.height}",
        size in ((info.width, info.height), even),
    )
    yield Row("rotation", "upright", str(after.rotation), after.rotation == 0)
    aspects = info.sample_aspect_ratio or Fraction(1), after.sample_aspect_ratio or Fraction(1)
    yield Row("sample aspect", str(aspects[0]), str(aspects[1]), aspects[0] == aspects[1])
    written = info.colour
    matrix = {"bt601": (5, 6), "bt709": (1,), "bt2020": (9,)}[written.matrix]
    wanted = (2 if written.is_full_range else 1, written.primaries, written.transfer)
    yield Row(
        "colour tags",
        f"{before.colour} = {written.matrix} {wanted}",
        str(after.colour),
        after.colour[0] in matrix and after.colour[1:] == wanted,
    )


def _times(output: Path, before: MediaFacts, after: MediaFacts) -> Iterator[Row]:
    same = len(before.pts) == len(after.pts)
    yield Row("frames", str(len(before.pts)), str(len(after.pts)), same)
    frame = max(float(before.pts[-1] - before.pts[0]) / max(1, len(before.pts) - 1), 0.001) * 1.01
    allowed = TOLERANCE.get(output.suffix, Fraction(0))
    if output.suffix == ".avi":  # no presentation times inside: readers guess one frame late
        allowed = Fraction(frame)
    worst = max((abs(a - b) for a, b in zip(before.pts, after.pts, strict=False)), default=0)
    first = f"{float(before.pts[0]):.6f}", f"{float(after.pts[0]):.6f}"
    yield Row(
        "time stamps",
        f"from {first[0]}",
        f"from {first[1]}, worst {float(worst) * 1000:.3f} ms",
        same and worst <= allowed,
    )
    yield Row(
        "end",
        f"{before.end_s:.3f} s",
        f"{after.end_s:.3f} s",
        abs(before.end_s - after.end_s) <= frame,
    )


def _sound(before: MediaFacts, after: MediaFacts) -> Iterator[Row]:
    yield Row(
        "sound tracks", str(len(before.sound)), str(len(after.sound)),
        len(before.sound) == len(after.sound),
    )  # fmt: skip
    for index, (was, now) in enumerate(zip(before.sound, after.sound, strict=False)):
        yield Row(
            f"sound {index}",
            f"{was.codec} {was.packets} packets {was.sha256[:8]} from {was.start_s:.4f}",
            f"{now.codec} {now.packets} packets {now.sha256[:8]} from {now.start_s:.4f}",
            was.sha256 == now.sha256 and abs(was.start_s - now.start_s) <= 0.001,
        )


def table(pairs: list[tuple[Path, Path]]) -> str:
    """Return a text table: one line per file, differences spelt out below it."""
    lines = []
    for source, output in pairs:
        rows = compare(source, output)
        wrong = [row for row in rows if not row.is_same]
        facts = {row.what: row for row in rows}
        lines.append(
            f"{'ok  ' if not wrong else 'DIFF'} {source.name:28} -> {output.name:36}"
            f" frames {facts['frames'].output:>4}  {facts['time stamps'].output.split(', ')[1]:18}"
            f" sound {facts['sound tracks'].output}"
        )
        lines += [f"       {row.what}: {row.source}  |  {row.output}" for row in wrong]
    return "\n".join(lines)
