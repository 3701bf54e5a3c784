"""Where frames go."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Kind -> "module:class"; nothing is imported until it is opened.
SINKS = {
    "file": "livecartoon.sinks.file:FileSink",
    "images": "livecartoon.sinks.images:ImageSink",
    "memory": "livecartoon.sinks.memory:MemorySink",
    "null": "livecartoon.sinks.null:NullSink",
    "stream": "livecartoon.sinks.stream:StreamSink",
    "vcam": "livecartoon.sinks.vcam:VcamSink",
    "window": "livecartoon.sinks.window:WindowSink",
}


def sink_class(kind: str) -> Any:  # noqa: ANN401  each takes its own arguments
    """Import and return the class of SINKS[kind]."""
    module, _, name = SINKS[kind].partition(":")
    return getattr(import_module(module), name)
