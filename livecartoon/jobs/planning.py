"""What will become of every stream, known before the first frame is drawn."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from livecartoon.config import EngineOptions
from livecartoon.errors import OutputError
from livecartoon.jobs.compare import compared_info
from livecartoon.jobs.reading import Reading
from livecartoon.jobs.report import FileReport
from livecartoon.jobs.settings import ConvertSettings
from livecartoon.sinks.animation import is_animation
from livecartoon.sinks.beside import Beside
from livecartoon.sinks.carrier import Carrier, CarryRules
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.sinks.file import FileSink
from livecartoon.sinks.laps import Segment, Stretch
from livecartoon.sinks.segments import SegmentSink
from livecartoon.sources.base import StreamNote, note
from livecartoon.sources.tracks import Tracks
from livecartoon.styles import short_name

Warn = Callable[[str, str], None]
#: Below this much free space beside the output a run is not worth starting.
LEAST_FREE = 16 << 20
LEAST_ESTIMATE = 64 << 20
#: The result, its pieces, and room to breathe.
COMFORT = 2.2
#: Kept by `--codec auto`, and the containers that hold it.
LOSSLESS, HOLD_LOSSLESS = "ffv1", {".avi", ".mkv"}


class Plan:
    """One job's decisions; `settle` opens the encoder and writes the header to nowhere."""

    def __init__(
        self,
        report: FileReport,
        target: Path,
        options: EngineOptions,
        settings: ConvertSettings,
        warn: Warn,
    ) -> None:
        self.report = report
        self.target = target
        self.options = options
        self.settings = settings
        self.warn = warn
        is_drawn = options.look.strength > 0 or options.snap is not None
        is_untouched = not is_drawn and settings.compare == "none"
        self.reading = Reading(report.input, settings, exact_colour=is_untouched)
        self.encoder = self._encoder(is_drawn)
        self.info = compared_info(self.reading.info, settings.compare)
        """Of the encoded picture."""
        self.tracks = Tracks(report.input)
        self.padding = (0, 0)
        self.pix_fmt = self.codec = ""

    def _encoder(self, is_drawn: bool) -> EncoderSettings:
        """Return how to compress: a lossless source stays so where the container holds it."""
        # Pixel art lives by the colours of its palette: between them lies nothing to round.
        chosen = replace(self.settings.encoder(), dither=is_drawn and self.options.snap is None)
        is_lossless = self.reading.info.codec == LOSSLESS
        if chosen.codec == "auto" and is_lossless and self.target.suffix.lower() in HOLD_LOSSLESS:
            return replace(chosen, codec=LOSSLESS)
        return chosen

    @property
    def rules(self) -> CarryRules:
        """Return what is wanted of the rest of the source."""
        settings, reading = self.settings, self.reading
        return CarryRules(
            audio=settings.audio,
            subtitles=settings.subs == "copy",
            chapters=settings.chapters,
            tags=settings.metadata,
            start_s=reading.start_s if reading.starts_late else None,
            end_s=reading.end_s,
        )

    def tags(self) -> dict[str, str]:
        """Return the tags of the new file: the old ones, signed."""
        if not self.settings.metadata:
            return {}
        from livecartoon import __version__

        made = f"livecartoon {__version__} style={short_name(self.options.style)}"
        comment = self.tracks.tags.get("comment", "")
        return self.tracks.tags | {"comment": f"{comment}; {made}" if comment else made}

    def beside(self) -> Beside:
        """Return what goes into the new file beside its pictures."""
        return Beside(
            rest=self.tracks,
            rules=self.rules,
            tags=self.tags(),
            video_tags=self.tracks.video_tags if self.settings.metadata else {},
            video_disposition=self.tracks.video_disposition,
            display_matrix=self.info.display_matrix,
        )

    def open_sink(self, file: IO[bytes] | None = None) -> FileSink:
        """Return a sink for the whole film, rest of the source included."""
        return FileSink(
            self.target,
            self.info,
            self.encoder,
            beside=self.beside(),
            shift_s=self.reading.shift_s,
            file=file,
        )

    def open_pieces(
        self, folder: Path, on_closed: Callable[[Segment], None], stretch: Stretch
    ) -> SegmentSink:
        """Return a sink for the laps of a stretch, as files in `folder`."""
        laps = self.reading.laps
        return SegmentSink(folder, self.target, self.info, self.encoder, laps, on_closed, stretch)

    def settle(self) -> None:
        """Decide everything and put it into the report; OutputError for what cannot work."""
        report, reading = self.report, self.reading
        report.size = (self.info.width, self.info.height)
        report.infer_size = (reading.info.width, reading.info.height)
        report.bytes_in = report.input.stat().st_size
        report.frames_in = reading.info.frames or 0
        report.duration = reading.info.duration_s or 0.0
        for text in reading.info.warnings:
            self.warn("W301", text)
        if is_animation(self.target):
            self._settle_animation()
            return
        if self.target.suffix.lower() == ".avi":
            text = "AVI has no presentation times: readers may show the picture frames late"
            self.warn("W306", f"{text}; .mkv keeps them")
        trial = self.open_sink(io.BytesIO())
        try:
            self.padding, self.pix_fmt, self.codec = trial.padded, trial.pix_fmt, trial.codec
            self._note_video(trial.encoder)
            if trial.carrier is not None:
                self._note_rest(trial.carrier)
        finally:
            trial.discard()
        if self.tracks.chapters and self.settings.chapters and self.target.suffix == ".avi":
            self.warn("W303", f"AVI keeps no chapters: {len(self.tracks.chapters)} are left out")

    def _settle_animation(self) -> None:
        self._note_video(self.target.suffix.lower().lstrip("."))
        for stream in self.tracks.streams:
            self._drop(note(stream, f"{self.target.suffix} holds a picture that moves, no more"))

    def _note_video(self, encoder: str) -> None:
        if any(self.padding):
            self.warn(
                "W302",
                f"odd size: {self.padding[1]} column and {self.padding[0]} row were doubled"
                f" for {self.pix_fmt}",
            )
        kept: dict[str, Any] = {"type": "video", "codec": encoder, "language": None}
        self.report.streams_kept.append(kept | {"action": "encode"})

    def _note_rest(self, carrier: Carrier) -> None:
        for kept in carrier.kept:
            source = kept.source
            fields = {"type": source.type, "codec": kept.codec, "language": source.language}
            self.report.streams_kept.append(fields | {"action": kept.action})
            if kept.action == "encode" and (
                source.type != "audio" or self.settings.audio == "copy"
            ):
                self.warn(
                    "W304",
                    f"{self.target.suffix} cannot hold {source.codec}: written as {kept.codec}",
                )
        for dropped in carrier.dropped:
            self._drop(dropped)
        for text in carrier.notes:
            self.warn("W309", text)

    def _drop(self, stream: StreamNote) -> None:
        self.report.streams_dropped.append(
            {
                "type": stream.type,
                "codec": stream.codec,
                "language": stream.language,
                "reason": stream.reason,
            }
        )
        self.warn("W303", f"{stream.type} stream ({stream.codec}) is left out: {stream.reason}")

    @property
    def estimate(self) -> int:
        """Bytes the result will take, about: as many as its source."""
        duration_s = self.reading.info.duration_s
        whole_s = self.reading.whole_s
        share = min(1.0, duration_s / whole_s) if duration_s and whole_s else 1.0
        return int(self.report.bytes_in * share)

    def check_space(self) -> None:
        """Refuse hopeless disks, warn about tight ones."""
        needed = self.estimate
        free = shutil.disk_usage(self.target.parent).free
        if free < max(LEAST_FREE, needed // 2):
            raise OutputError(
                "E403",
                f"disk full on {self.target.parent}: {max(needed, LEAST_FREE) >> 20} MiB needed,"
                f" {free >> 20} MiB free",
                "free space and run the same command again",
            )
        if free < COMFORT * max(needed, LEAST_ESTIMATE / 2):
            self.warn("W403", f"only {free >> 20} MiB free at {self.target.parent}")

    def close(self) -> None:
        """Release the source."""
        self.tracks.close()
