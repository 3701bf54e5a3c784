"""A film with one of everything: copied video and sound, subtitles, chapters, attachments."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

#: Head of subtitles, in the form all text encoders take.
SUBTITLE_HEAD = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, \
Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def write_everything(path: Path, clip: Path) -> Path:
    """Copy the video and sound of `clip`, and add one of all that `path` can hold."""
    import av
    from av.stream import Disposition

    text = {".mkv": ("subrip", "ass"), ".webm": ("webvtt", "webvtt")}.get(
        path.suffix, ("mov_text", "mov_text")
    )
    with av.open(str(clip)) as old, av.open(str(path), "w") as new:
        copies = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        for number, stream in enumerate(old.streams.audio):
            copies[stream.index].metadata.update(
                {"language": ("eng", "deu")[number % 2], "title": f"Track {number}"}
            )
            copies[stream.index].disposition = (
                Disposition.comment if number else Disposition.default
            )
        second = None
        if path.suffix != ".webm":
            second = new.add_stream_from_template(old.streams.video[0], opaque=True)
            second.disposition = Disposition.dependent if path.suffix == ".mkv" else 0
        copies[old.streams.video[0].index].disposition = Disposition.default
        titles = [
            _subtitles(new, name, lang) for name, lang in zip(text, ("eng", "fra"), strict=True)
        ]
        if path.suffix == ".mkv":
            new.add_attachment("font.ttf", "font/ttf", bytes(range(200)))
            new.add_attachment("cover.png", "image/png", _cover())
        new.metadata.update({"title": "Everything", "artist": "Nobody", "comment": "drawn"})
        new.set_chapters([_chapter(1, 0, 200, "One"), _chapter(2, 200, 480, "Zwei \u00e4")])
        new.start_encoding()
        for stream in titles:
            _write_lines(new, stream)
        _copy_packets(old, new, copies, second)
    return path


def _copy_packets(old: Any, new: Any, copies: dict[int, Any], second: Any) -> None:
    """Every packet into the copy of its stream, the video's into `second` too."""
    import av

    for packet in old.demux():
        if packet.dts is None:
            continue
        is_video = packet.stream.type == "video"
        twin = av.Packet(bytes(packet))
        for name in ("time_base", "pts", "dts", "duration", "is_keyframe"):
            setattr(twin, name, getattr(packet, name))
        packet.stream = copies[packet.stream.index]
        new.mux_one(packet)
        if is_video and second is not None:
            twin.stream = second
            new.mux_one(twin)


def _chapter(number: int, start_ms: int, end_ms: int, title: str) -> Any:
    return {
        "id": number,
        "start": start_ms,
        "end": end_ms,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }


def _subtitles(container: Any, codec: str, language: str) -> Any:
    from av.stream import Disposition

    stream = container.add_stream(codec)
    stream.codec_context.subtitle_header = SUBTITLE_HEAD
    stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
    stream.metadata["language"] = language
    stream.disposition = Disposition.forced
    return stream


def _write_lines(container: Any, stream: Any) -> None:
    from av.subtitles.subtitle import SubtitleSet

    for number, (start_ms, length_ms) in enumerate([(0, 120), (200, 160)]):
        said = f"0,0,Default,,0,0,0,,Line {number}".encode()
        packet = stream.codec_context.encode_subtitle(
            SubtitleSet.create(said, 0, length_ms, pts=1000 * start_ms)
        )
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = start_ms
        packet.duration = length_ms
        container.mux_one(packet)


def _cover() -> bytes:
    import av

    context: Any = av.CodecContext.create("png", "w")
    context.width = context.height = 16
    context.pix_fmt, context.time_base = "rgb24", Fraction(1)
    frame = av.VideoFrame.from_ndarray(np.full((16, 16, 3), 99, np.uint8))
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
