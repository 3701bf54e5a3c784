"""Files for library users."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from livecartoon.api.typed import engine_options, take
from livecartoon.rate import parse_rate
from livecartoon.size import SizeRule, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from livecartoon.jobs.hooks import Progress


def convert(
    source: str | Path,
    output: str | Path | None = None,
    *,
    style: str = "shinkai",
    progress: Callable[[Progress], None] | None = None,
    **options: Any,  # noqa: ANN401  the fields of ConvertSettings, EngineOptions and Look
) -> Any:  # noqa: ANN401  a FileReport, whose module is imported only here
    """Convert a video file; returns the report that `livecartoon convert --json` prints.

    `progress` hears several times a second where it stands: `frame`, `frames`, `seconds`. Times
    are seconds; `fps` and `size` may be typed as there. Raises LivecartoonError: UsageError for a
    value that cannot be, InputError, OutputError, EngineError, ModelError; TypeError for an
    unknown option.

    >>> seen = []
    >>> report = convert("holiday.mp4", "cartoon.mkv", style="classic", codec="ffv1",
    ...                  progress=seen.append)
    >>> report.status, report.frames_out == report.frames_in, report.engine["device"]
    ('done', True, 'cpu')
    >>> seen[-1].frame == report.frames_out
    True
    >>> convert("nowhere.mp4", style="classic")
    Traceback (most recent call last):
    ...
    livecartoon.errors.InputError: [E301] no such file: nowhere.mp4
    """
    from pathlib import Path

    from livecartoon.jobs.convert import ConvertSettings, convert_file
    from livecartoon.jobs.snapping import as_the_style_ends

    settings = take(ConvertSettings, options)
    for name in _SECONDS & settings.keys():
        settings[name] = None if settings[name] is None else Fraction(str(settings[name]))
    if (rate := settings.get("fps")) is not None:
        settings["fps"] = parse_rate(f"{rate:g}" if isinstance(rate, float) else str(rate))
    if isinstance(size := settings.get("size"), str | tuple):
        settings["size"] = parse_size(size) if isinstance(size, str) else SizeRule(*size)
    engine = as_the_style_ends(engine_options(style, options))
    target = Path(output) if output is not None else None
    return convert_file(Path(source), target, engine, ConvertSettings(**settings), progress)


_SECONDS = {"ss", "to", "duration", "segment_s"}
