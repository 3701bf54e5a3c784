"""Which sinks a live run can have besides the window, and how each is opened."""

from __future__ import annotations

from collections.abc import Mapping

from livecartoon.jobs.live.rack import OpenSink
from livecartoon.jobs.live.recording import Recording, next_recording
from livecartoon.jobs.live.settings import LiveSettings
from livecartoon.sinks.base import Sink
from livecartoon.sinks.null import NullSink
from livecartoon.sources.base import VideoInfo


def first_sinks(settings: LiveSettings) -> list[str]:
    """Return the kinds of sinks that start with the run."""
    return [*settings.sinks, *(["record"] if settings.record else [])]


def sink_openers(settings: LiveSettings, info: VideoInfo) -> Mapping[str, OpenSink]:
    """Return how to open each kind for pictures like `info`."""

    def null(is_first: bool) -> tuple[str, Sink]:
        return "", NullSink()

    def record(is_first: bool) -> tuple[str, Sink]:
        wanted = settings.record
        path = wanted if wanted and is_first else next_recording(wanted)
        return str(path), Recording(path, info, overwrite=settings.overwrite)

    return {"null": null, "record": record}
