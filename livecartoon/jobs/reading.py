"""How the source of one job is opened: for its plan, whole, or from one of its laps on."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from livecartoon.errors import LivecartoonError
from livecartoon.frame import Frame
from livecartoon.jobs.settings import ConvertSettings
from livecartoon.sinks.laps import Laps, Stretch
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.part import Part
from livecartoon.sources.rate import RatedSource

#: Frames that filters with a memory see before a lap begins.
RUN_UP_FRAMES = 16
USUAL_RATE = Fraction(25)


class Reading:
    """Opens the file once to know it, then as often as there are laps to read."""

    def __init__(self, path: Path, settings: ConvertSettings, *, exact_colour: bool) -> None:
        self.path = path
        self._settings = settings
        self._exact_colour = exact_colour
        self.compare = settings.compare
        with self._open(None) as source:
            clock_s = source.clock_s
            self.first_s = source.first_s
            found = source.info
        self.whole_s = found.duration_s
        """Length of the whole film."""
        self.starts_late = settings.ss is not None
        self.start_s = clock_s + settings.ss if settings.ss is not None else self.first_s
        """Where the wanted part begins, on the clock of the time stamps."""
        self.end_s = clock_s + settings.end_s if settings.end_s is not None else None
        self.info = self._described(found)
        """Of the frames that come out of the source."""
        rate = self.info.rate or USUAL_RATE
        run_up_s = min(RUN_UP_FRAMES / rate, settings.segment_s)
        self.laps = Laps(self.start_s, settings.segment_s, run_up_s)

    def _described(self, found: VideoInfo) -> VideoInfo:
        """Return what is known of the part: fewer frames, a shorter time."""
        total_s = found.duration_s
        if total_s is not None and (self.starts_late or self.end_s is not None):
            last_s = float(self.first_s) + total_s
            end_s = min(last_s, float(self.end_s)) if self.end_s is not None else last_s
            part_s = max(0.0, end_s - max(float(self.start_s), float(self.first_s)))
            share = part_s / total_s if total_s else 1.0
            frames = max(1, round(found.frames * share)) if found.frames else None
            found = replace(found, duration_s=part_s, frames=frames)
        rate = self._settings.fps
        if rate is None:
            return found
        frames = max(1, round(found.duration_s * rate)) if found.duration_s is not None else None
        tick = RatedSource.tick(rate, self.start_s)
        return replace(found, rate=rate, frames=frames, time_base=tick)

    @property
    def shift_s(self) -> Fraction:
        """What is taken off all times: a part begins at zero, a whole film where it did."""
        return self.start_s if self.starts_late else Fraction(0)

    @property
    def is_whole(self) -> bool:
        """Whether every frame of the file comes out, once."""
        settings = self._settings
        return not (self.starts_late or self.end_s is not None or settings.fps)

    def _open(self, part: Part | None) -> FileSource:
        settings = self._settings
        return FileSource(
            self.path,
            on_error=settings.on_error,
            hdr=settings.hdr,
            deinterlace=settings.deinterlace,
            exact_colour=self._exact_colour,
            part=part,
            fit=settings.size.resolve if settings.size is not None else None,
            decode=settings.decode,
        )

    def open(
        self, stretch: Stretch | None = None, *, may_seek: bool = True
    ) -> FileSource | RatedSource:
        """Open for a stretch of laps with the run-up before them; None = from start to end."""
        rate = self._settings.fps
        stretch = stretch or Stretch()
        start_s: Fraction | None = None
        if not stretch.is_from_start or self.starts_late:
            start_s = max(stretch.drawn_from(self.laps), self.start_s)
        end_s = self.end_s
        if stretch.end is not None:
            lap_end_s = self.laps.begins(stretch.end)
            end_s = lap_end_s if end_s is None else min(end_s, lap_end_s)
        if start_s is None and end_s is None:
            opened = self._open(None)
        else:
            opened = self._open(Part(start_s, end_s, may_seek, reaches_out=rate is not None))
        if rate is None:
            return opened
        return RatedSource(opened, rate, self.start_s, from_s=start_s, until_s=end_s)


def file_of(source: FileSource | RatedSource) -> FileSource:
    """Return the file behind a source."""
    return source.inner if isinstance(source, RatedSource) else source


def problem_of(
    source: FileSource | RatedSource, frames: int, *, is_whole: bool
) -> LivecartoonError | None:
    """Return why not all came: `frames` came out of the file, to whose end `source` read."""
    opened = file_of(source)
    if opened.problem is not None or not is_whole:
        return opened.problem
    return opened.shortfall(frames)


def seconds_of(frame: Frame) -> Fraction:
    """Return the exact time of a frame."""
    return frame.pts * frame.time_base
