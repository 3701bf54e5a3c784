"""Is a converted file the source in all but its pixels? Stream by stream, from both files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.stream import Disposition

from livecartoon.config import EngineOptions
from livecartoon.errors import LivecartoonError
from livecartoon.jobs.convert import ConvertSettings, convert_file
from livecartoon.jobs.lapstyle import Stylize
from livecartoon.jobs.naming import output_for
from livecartoon.sinks.carrier import QUICKTIME_CODES
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import MediaFacts, SoundFacts, StreamFacts, inspect

#: Seconds a time stamp may be off, by suffix; 0 elsewhere. Matroska keeps milliseconds.
TOLERANCE = {".mkv": Fraction(1, 2000), ".webm": Fraction(1, 2000)}
#: What a container cannot say of a track: QuickTime knows enabled or not, AVI nothing at all.
UNTOLD = {
    ".avi": ~0,
    ".mov": ~int(Disposition.default),
    ".webm": ~int(Disposition.default | Disposition.forced),
}
#: Two codes of one language.
SAME_LANGUAGE = {new: old for old, new in QUICKTIME_CODES.items()} | {"und": ""}
#: Kinds of stream that a container holds, beside video and sound.
HOLDS = {
    ".avi": set[str](),
    ".m4v": {"subtitle", "video"},
    ".mkv": {"attachment", "subtitle", "video"},
    ".mov": {"subtitle", "video"},
    ".mp4": {"subtitle", "video"},
    ".webm": {"subtitle", "video"},
}
HOLDS_FFV1 = {".avi", ".mkv"}
#: Of 8 bits in 4:2:0, which everything plays.
PROFILES = {"h264": {"Constrained Baseline", "Main", "High"}, "vp9": {"Profile 0"}}
KEEPS_CHAPTERS = set(HOLDS) - {".avi"}
#: Subtitles that are text, not pictures of it.
TEXTS = {"ass", "mov_text", "ssa", "subrip", "text", "webvtt"}
WEB_VIDEO = {"av1", "vp8", "vp9"}
#: Tags every container knows by some name of its own.
COMMON_TAGS = ("title", "artist", "album", "genre", "copyright", "creation_time")


@dataclass(frozen=True, slots=True)
class Row:
    """One property of the two files."""

    what: str
    source: str
    output: str
    is_same: bool


def compare(source: Path, output: Path, *, is_plain: bool = False) -> list[Row]:
    """Return one row per property that has to be kept.

    `is_plain`: neither codec nor pixel format was chosen, so that it is known which are right.
    """
    before, after = inspect(source), inspect(output)
    return [
        *_picture(source, before, after),
        *(_coding(output, before, after) if is_plain else ()),
        *_times(output, before, after),
        *_sound(output, before, after),
        *_others(output, before, after),
        *_chapters(output, before, after),
        *_tags(output, before, after),
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
    turn = before.rotation if info.display_matrix else 0
    yield Row("rotation", str(turn), str(after.rotation), after.rotation == turn)
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


def _coding(output: Path, before: MediaFacts, after: MediaFacts) -> Iterator[Row]:
    """Compare how pictures are stored with what `convert` promises where nothing was typed."""
    lossless = "ffv1" if output.suffix in HOLDS_FFV1 else "h264"
    wanted = "vp9" if output.suffix == ".webm" else lossless if before.codec == "ffv1" else "h264"
    yield Row("video codec", before.codec, after.codec, after.codec == wanted)
    formats = {"yuv420p", "yuvj420p"} if wanted != "ffv1" else {"bgr0", "yuv420p"}
    yield Row(
        "pixel format, profile",
        f"{before.pix_fmt}, {before.profile}",
        f"{after.pix_fmt}, {after.profile}",
        after.pix_fmt in formats and after.profile in PROFILES.get(wanted, {after.profile}),
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


def _sound(output: Path, before: MediaFacts, after: MediaFacts) -> Iterator[Row]:
    yield Row(
        "sound tracks", str(len(before.sound)), str(len(after.sound)),
        len(before.sound) == len(after.sound),
    )  # fmt: skip
    for index, (was, now) in enumerate(zip(before.sound, after.sound, strict=False)):
        is_copied = was.sha256 == now.sha256 and was.codec == now.codec
        is_encoded = was.codec != now.codec and now.packets > 0
        close = 0.001 if is_copied else 0.03
        yield Row(
            f"sound {index}",
            f"{was.codec} {was.packets} packets {was.sha256[:8]} from {was.start_s:.4f}",
            f"{now.codec} {now.packets} packets {now.sha256[:8]} from {now.start_s:.4f}",
            (is_copied or is_encoded) and abs(was.start_s - now.start_s) <= close,
        )
        yield _labels(f"sound {index}", output, was, now)


def _labels(
    what: str, output: Path, was: SoundFacts | StreamFacts, now: SoundFacts | StreamFacts
) -> Row:
    """Compare language, title and disposition, as far as the container has room for them."""
    known = ~UNTOLD.get(output.suffix, 0)
    if output.suffix in (".mp4", ".mov", ".m4v"):
        known &= ~int(Disposition.default)  # mp4 enables a track of every kind
    told = output.suffix != ".avi"
    return Row(
        f"{what} labels",
        f"{was.language} {was.title} {was.disposition}",
        f"{now.language} {now.title} {now.disposition}",
        (not told or _language(was.language) == _language(now.language))
        and (not told or was.title is None or was.title == now.title)
        and was.disposition & known == now.disposition & known,
    )


def _language(code: str | None) -> str:
    return SAME_LANGUAGE.get(code or "", code or "")


def _others(output: Path, before: MediaFacts, after: MediaFacts) -> Iterator[Row]:
    for kind in ("subtitle", "attachment", "video"):
        was = [stream for stream in before.streams if stream.type == kind]
        now = [stream for stream in after.streams if stream.type == kind]
        if not was and not now:
            continue
        wanted = [stream for stream in was if _is_held(output.suffix, stream)]
        yield Row(f"{kind}s", _names(was), _names(now), len(wanted) == len(now))
        for index, (old, new) in enumerate(zip(wanted, now, strict=False)):
            if kind == "subtitle":
                same = old.texts == new.texts
                yield Row(f"subtitle {index}", str(old.texts), str(new.texts), same)
                yield _labels(f"subtitle {index}", output, old, new)
            elif kind == "video":
                yield Row(f"video {index}", old.codec, new.codec, old.codec == new.codec)


def _is_held(suffix: str, stream: StreamFacts) -> bool:
    if stream.type not in HOLDS[suffix]:
        return False
    if stream.type == "subtitle" and suffix != ".mkv":
        return stream.codec in TEXTS
    is_cover = bool(stream.disposition & Disposition.attached_pic)
    if is_cover:
        return suffix in (".m4v", ".mkv", ".mp4")
    return suffix != ".webm" or stream.type != "video" or stream.codec in WEB_VIDEO


def _names(streams: list[StreamFacts]) -> str:
    return ", ".join(stream.codec for stream in streams) or "none"


def _chapters(output: Path, before: MediaFacts, after: MediaFacts) -> Iterator[Row]:
    if not before.chapters:
        return
    wanted = before.chapters if output.suffix in KEEPS_CHAPTERS else ()
    same = len(wanted) == len(after.chapters) and all(
        abs(was[0] - now[0]) <= 0.001 and was[2] == now[2]
        for was, now in zip(wanted, after.chapters, strict=True)
    )
    yield Row("chapters", str(before.chapters), str(after.chapters), same)


def _tags(output: Path, before: MediaFacts, after: MediaFacts) -> Iterator[Row]:
    if output.suffix == ".avi":
        return
    for name in COMMON_TAGS:
        was, now = _tag(before, name), _tag(after, name)
        if was:
            yield Row(f"tag {name}", was, now, was == now)


def _tag(facts: MediaFacts, name: str) -> str:
    return next((v for k, v in facts.tags.items() if k.lower() == name), "")


def convert_all(
    files: Iterable[Path], suffix: str | None = None
) -> Iterator[tuple[Path, str, list[Row]]]:
    """Convert each file with frames left as they are; yield it, the outcome and the rows."""
    with tempfile.TemporaryDirectory() as folder:
        for source in files:
            name = f"{source.stem}.{suffix or output_for(source, None, 'x').suffix.lstrip('.')}"
            settings = ConvertSettings(preset="ultrafast", overwrite=True)
            try:
                report = convert_file(
                    source,
                    Path(folder) / name,
                    EngineOptions(style="identity"),
                    settings,
                    make_stylize=_identity,
                )
            except LivecartoonError as error:
                yield source, "failed", [Row("conversion", source.name, str(error), False)]
                continue
            assert report.output is not None
            yield source, report.status, compare(source, report.output, is_plain=True)
            report.output.unlink()


def _identity(info: VideoInfo, options: EngineOptions) -> AbstractContextManager[Stylize]:
    return nullcontext(lambda frame: frame)
