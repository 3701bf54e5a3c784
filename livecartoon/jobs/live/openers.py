"""Which sinks a live run can have besides the window, and how each is opened."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from livecartoon.jobs.live.rack import OpenSink
from livecartoon.jobs.live.recording import Recording, next_recording
from livecartoon.jobs.live.settings import LiveSettings
from livecartoon.sinks.base import Sink
from livecartoon.sinks.null import NullSink
from livecartoon.sources.base import VideoInfo


def first_sinks(settings: LiveSettings) -> list[str]:
    """Return the kinds of sinks that start with the run."""
    wanted = {
        "record": settings.record is not None,
        "stream": settings.stream is not None,
        "vcam": settings.vcam is not None,
    }
    return [*settings.sinks, *(kind for kind, is_wanted in wanted.items() if is_wanted)]


def sink_openers(settings: LiveSettings, info: VideoInfo, rate: Fraction) -> Mapping[str, OpenSink]:
    """Return how to open each kind for pictures like `info`, about `rate` a second."""

    def null(is_first: bool) -> tuple[str, Sink]:
        return "", NullSink()

    def record(is_first: bool) -> tuple[str, Sink]:
        wanted = settings.record
        path = wanted if wanted and is_first else next_recording(wanted)
        return str(path), Recording(path, info, overwrite=settings.overwrite)

    def stream(is_first: bool) -> tuple[str, Sink]:
        from livecartoon.sinks.stream import StreamSink

        sink = StreamSink(settings.stream or "", info, rate)
        return sink.shown, sink

    def vcam(is_first: bool) -> tuple[str, Sink]:
        from livecartoon.sinks.vcam import VcamSink
        from livecartoon.sources.devices import find_loopback

        device = find_loopback(settings.vcam or "")
        return device, VcamSink(device, info, rate)

    return {"null": null, "record": record, "stream": stream, "vcam": vcam}
