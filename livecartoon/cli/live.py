"""What `cam` and `serve` ask of a camera, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import click

from livecartoon.cli.flags import AnyCommand, flag
from livecartoon.cli.values import RATE, SIZE, TIME, Named
from livecartoon.size import SizeRule

MS = click.FloatRange(1, 60_000)
FIELDS = (
    "rate",
    "input_format",
    "is_looped",
    "static_skip",
    "governor",
    "max_latency_ms",
    "target_fps",
)
"""Flags that are fields of `LiveSettings` as they are."""
WIDE = (1920, 1080)
"""Shape of a camera picture when only its short side is given."""
CAMERA_FLAGS: tuple[Callable[[Any], Any], ...] = (
    flag("--fps", "rate", type=RATE, default="30", help="Pictures per second asked of the camera."),
    flag(
        "--input-format",
        type=Named(["auto", "mjpeg", "yuyv"]),
        default="auto",
        help="Camera format.",
    ),
    flag("--loop", "is_looped", is_flag=True, help="Start a video file over at its end."),
    flag("--static-skip/--no-static-skip", default=True, help="Rest while nothing moves."),
    flag(
        "--governor/--no-governor", default=True, help="Take a faster engine where one is needed."
    ),
    flag("--max-latency", "max_latency_ms", type=MS, default=100.0, help="Milliseconds to hold."),
    flag("--target-fps", type=RATE, help="Pictures per second to hold (as the camera)."),
    flag("--duration", type=TIME, help="Stop after that time."),
)


def camera_flags(size: str) -> Callable[[AnyCommand], AnyCommand]:
    """Add these flags; `size` is asked of the camera unless another one is typed."""

    def decorate(made: AnyCommand) -> AnyCommand:
        made = flag("--size", type=SIZE, default=size, help="Size asked of the camera.")(made)
        for add in CAMERA_FLAGS:
            made = add(made)
        return made

    return decorate


def camera_fields(values: dict[str, Any]) -> dict[str, Any]:
    """Take the values of these flags out of `values`, as fields of `LiveSettings`."""
    size: SizeRule = values.pop("size")
    width, height = size.resolve(*WIDE)
    duration: Fraction | None = values.pop("duration")
    return {
        "width": width,
        "height": height,
        "duration_s": None if duration is None else float(duration),
        **{name: values.pop(name) for name in FIELDS},
    }
