"""One file on its way: plan, run, verify, name."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from livecartoon.config import EngineOptions
from livecartoon.errors import OutputError, PartialError
from livecartoon.frame import Frame
from livecartoon.jobs.naming import partial_name
from livecartoon.jobs.report import FileReport, engine_fields, peak_rss, temporal_fields
from livecartoon.jobs.verify import Expected, verify
from livecartoon.jobs.workspace import Workspace
from livecartoon.pipeline import RunReport, run
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.sinks.file import FileSink
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.tracks import StreamNote, Tracks

log = logging.getLogger(__name__)

Stylize = Callable[[Frame], Frame]
MakeStylize = Callable[[VideoInfo, EngineOptions], AbstractContextManager[Stylize]]
Warn = Callable[[str, str], None]
#: Below this much free space beside the output a run is not worth starting.
LEAST_FREE = 16 << 20


@dataclass(frozen=True, slots=True)
class ConvertSettings:
    """The flags of `livecartoon convert` that are not about look or engine."""

    codec: str = "auto"
    crf: int | None = None
    preset: str = "medium"
    pix_fmt: str = "yuv420p"
    encoder_options: tuple[tuple[str, str], ...] = ()
    audio: Literal["copy", "none"] = "copy"
    overwrite: bool = False
    skip_existing: bool = False
    on_error: Literal["abort", "repeat"] = "abort"
    hdr: Literal["tonemap", "refuse"] = "tonemap"
    deinterlace: bool = True
    metadata: bool = True

    def encoder(self) -> EncoderSettings:
        """Return what the sink needs of this; UsageError for bad values."""
        extra = dict(self.encoder_options)
        return EncoderSettings(self.codec, self.crf, self.preset, self.pix_fmt, extra)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a running conversion stands."""

    frame: int
    frames: int | None
    """All there will be, None if the container does not say."""
    seconds: float
    """Since the first frame was asked for."""


def make_stylizer(info: VideoInfo, options: EngineOptions) -> AbstractContextManager[Stylize]:
    """Return the engine for frames of `info`; seconds when it has to be built."""
    from livecartoon.styles import find_style
    from livecartoon.stylizer import Stylizer

    return Stylizer(find_style(options.style), info.width, info.height, options)


class Conversion:
    """One file on its way; fills `report`."""

    def __init__(
        self,
        report: FileReport,
        target: Path,
        options: EngineOptions,
        settings: ConvertSettings,
        on_warning: Warn | None,
    ) -> None:
        self.report = report
        self.target = target
        self.options = options
        self.settings = settings
        self.on_warning = on_warning

    def convert(
        self,
        on_progress: Callable[[Progress], None] | None,
        on_start: Callable[[FileReport], None] | None,
        make_stylize: MakeStylize,
    ) -> None:
        """Do it all; raises where nothing comes of it."""
        settings, report = self.settings, self.report
        with ExitStack() as stack:
            source = stack.enter_context(self._open_source())
            tracks = Tracks(report.input)
            stack.callback(tracks.close)
            self._check_space()
            workspace = stack.enter_context(Workspace(self.target))
            sink = self._open_sink(workspace.part, source.info, tracks)
            with sink:  # open before the engine is built: what cannot be written fails at once
                self._plan(source, sink, tracks)
                with make_stylize(source.info, self.options) as stylize:
                    self._note_engine(stylize, source.info)
                    if on_start is not None:
                        on_start(report)
                    started = time.perf_counter()
                    done = run(source, stylize, sink, on_frame=_hook(on_progress, source.info))
                    sink.close()
                    self._measure(done, stylize, time.perf_counter() - started, source)
            self._judge(source, sink, tracks)
            self._finish(workspace, sink)
        if settings.on_error == "repeat" and report.frames_repeated and report.error is None:
            report.status = "partial"
            report.error = PartialError(
                "E701",
                f"{report.input.name}: {report.frames_repeated} undecodable frames were repeated",
                "get a whole copy of the file",
            )

    def _open_source(self) -> FileSource:
        settings = self.settings
        return FileSource(
            self.report.input,
            on_error=settings.on_error,
            hdr=settings.hdr,
            deinterlace=settings.deinterlace,
            exact_colour=self.options.look.strength == 0,
        )

    def _open_sink(self, part: Path, info: VideoInfo, tracks: Tracks) -> FileSink:
        return FileSink(
            part,
            info,
            self.settings.encoder(),
            sound=tracks if self.settings.audio == "copy" else None,
            tags=self._tags(tracks),
            video_tags=tracks.video_tags if self.settings.metadata else None,
        )

    def _tags(self, tracks: Tracks) -> dict[str, str]:
        if not self.settings.metadata:
            return {}
        from livecartoon import __version__

        made = f"livecartoon {__version__} style={Path(self.options.style).stem}"
        comment = tracks.tags.get("comment", "")
        return tracks.tags | {"comment": f"{comment}; {made}" if comment else made}

    def _check_space(self) -> None:
        """Refuse hopeless disks, warn about tight ones; the result is about as large."""
        self.report.bytes_in = self.report.input.stat().st_size
        free = shutil.disk_usage(self.target.parent).free
        if free < max(LEAST_FREE, self.report.bytes_in // 2):
            raise OutputError(
                "E403",
                f"disk full at {self.target.parent}: about {self.report.bytes_in >> 20} MiB"
                f" needed, {free >> 20} MiB free",
                "free some space, or choose another folder with -o",
            )
        if free < 2.2 * max(self.report.bytes_in, 32 << 20):
            self._warn("W403", f"only {free >> 20} MiB free at {self.target.parent}")

    def _plan(self, source: FileSource, sink: FileSink, tracks: Tracks) -> None:
        report = self.report
        report.size = report.infer_size = (source.info.width, source.info.height)
        for text in source.info.warnings:
            self._warn("W301", text)
        if self.target.suffix.lower() == ".avi":
            text = "AVI has no presentation times: readers may show the picture frames late"
            self._warn("W306", f"{text}; .mkv keeps them")
        if any(sink.padded):
            self._warn(
                "W302",
                f"odd size: {sink.padded[1]} column and {sink.padded[0]} row were doubled"
                f" for {self.settings.pix_fmt}",
            )
        video = {"type": "video", "codec": sink.encoder, "language": None, "action": "encode"}
        report.streams_kept.append(video)
        for index, about in tracks.sound.items():
            self._plan_sound(index, about, sink)
        for other in tracks.others:
            self._drop(other.type, other.codec, other.language, other.reason)
        if tracks.chapters:
            self._warn("W303", f"{len(tracks.chapters)} chapters are not carried over yet")

    def _plan_sound(self, index: int, about: StreamNote, sink: FileSink) -> None:
        if sink.sound is None:
            self._drop(about.type, about.codec, about.language, "--audio none")
            return
        track = sink.sound.tracks[index]
        kept = {"type": about.type, "codec": track.codec, "language": about.language}
        self.report.streams_kept.append(kept | {"action": "copy" if track.is_copy else "encode"})
        if not track.is_copy:
            text = f"{self.target.suffix} cannot hold {about.codec}: encoded again as {track.codec}"
            self._warn("W304", text)

    def _drop(self, kind: str, codec: str, language: str | None, reason: str) -> None:
        self.report.streams_dropped.append(
            {"type": kind, "codec": codec, "language": language, "reason": reason}
        )
        self._warn("W303", f"{kind} stream ({codec}) is left out: {reason}")

    def _note_engine(self, stylize: Stylize, info: VideoInfo) -> None:
        self.report.engine = engine_fields(stylize)
        made = getattr(stylize, "report", None)
        if made is not None:
            self.report.infer_size = tuple(made.infer_size)

    def _measure(
        self, done: RunReport, stylize: Stylize, seconds: float, source: FileSource
    ) -> None:
        report = self.report
        report.frames_out = done.frames
        report.frames_in = max(source.info.frames or 0, source.frames)
        report.frames_repeated = source.repeated
        report.duration = source.played_s
        report.fps_end_to_end = round(done.frames / seconds, 3) if seconds else 0.0
        report.speed = round(report.duration / seconds, 3) if seconds else 0.0
        report.temporal = temporal_fields(stylize)
        busy = dict(done.busy_s)
        busy |= getattr(stylize, "stage_s", {})
        share = max(1, done.frames)
        report.stage_ms = {name: round(1000 * s / share, 3) for name, s in busy.items()}
        report.peak_rss = peak_rss()

    def _judge(self, source: FileSource, sink: FileSink, tracks: Tracks) -> None:
        """Note what went wrong on the way without stopping the run."""
        for text in source.warnings():
            self._warn("W305", text)
        if sink.moved:
            self._warn("W306", f"AVI keeps one frame rate: {sink.moved} time stamps were moved")
        if tracks.problem:
            self._warn("W307", tracks.problem)
        for track in sink.sound.tracks.values() if sink.sound else ():
            if track.lost:
                self._warn("W307", f"{track.lost} sound packets could not be decoded")
        self.report.error = source.problem

    def _finish(self, workspace: Workspace, sink: FileSink) -> None:
        """Verify the part, then give it the name it deserves."""
        report = self.report
        if not sink.frames:
            assert report.error is not None
            raise report.error
        sound = tuple(t.packets for t in sink.sound.tracks.values()) if sink.sound else ()
        rows, columns = sink.padded
        width, height = report.size[0] + columns, report.size[1] + rows
        verify(workspace.part, Expected(sink.frames, width, height, self.settings.pix_fmt, sound))
        final = self.target
        report.status = "done"
        if report.error is not None:
            report.status = "partial"
            final = partial_name(self.target, overwrite=self.settings.overwrite)
        workspace.commit(final)
        report.output = final
        report.segments = 1
        report.bytes_out = final.stat().st_size
        if report.error is not None:
            self._warn("W308", f"what could be decoded was kept as {final}")

    def _warn(self, code: str, text: str) -> None:
        self.report.warnings.append(text)
        if self.on_warning is not None:
            self.on_warning(code, text)


def _hook(
    on_progress: Callable[[Progress], None] | None, info: VideoInfo
) -> Callable[[int], None] | None:
    if on_progress is None:
        return None
    started = time.perf_counter()

    def tell(count: int) -> None:
        on_progress(Progress(count, info.frames, time.perf_counter() - started))

    return tell
