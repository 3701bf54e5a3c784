"""Converting single pictures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from livecartoon.config import EngineOptions
from livecartoon.errors import OutputError
from livecartoon.frame import Frame
from livecartoon.jobs.convert import Engines, check_batch, or_failed
from livecartoon.jobs.hooks import MakeStylize, make_stylizer
from livecartoon.jobs.naming import check_paths, make_folders, output_for
from livecartoon.jobs.planning import Warn
from livecartoon.jobs.report import FileReport, engine_fields, peak_rss
from livecartoon.sinks.pictures import FORMATS, encode_picture, picture_format
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.pictures import read_picture


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """The flags of `livecartoon image` that are not about look or engine."""

    quality: int = 92
    """1..100, for jpeg and webp."""
    format: str | None = None
    """Suffix of the results where the output does not name one; None = as the input."""
    overwrite: bool = False
    skip_existing: bool = False


def convert_images(
    sources: Iterable[Path],
    output: Path | None,
    options: EngineOptions,
    settings: ImageSettings | None = None,
    *,
    fail_fast: bool = False,
    on_warning: Warn | None = None,
    on_done: Callable[[int, FileReport], None] | None = None,
    make_stylize: MakeStylize = make_stylizer,
) -> list[FileReport]:
    """Convert one picture after the other, return one report each; one that fails stops none."""
    inputs = list(sources)
    settings = settings or ImageSettings()
    targets = [_target(path, output, options, settings, n) for n, path in enumerate(inputs, 1)]
    check_batch(inputs, targets)
    make_folders(output, targets)
    still = replace(options, temporal="off")
    reports: list[FileReport] = []
    with Engines(make_stylize) as engines:
        for number, (path, target) in enumerate(zip(inputs, targets, strict=True)):
            attempt = partial(
                convert_image, path, target, still, settings, on_warning, engines.borrow
            )
            report = or_failed(path, target, attempt)
            reports.append(report)
            if on_done is not None:
                on_done(number, report)
            if fail_fast and report.error is not None:
                break
    return reports


def _target(
    path: Path, output: Path | None, options: EngineOptions, settings: ImageSettings, number: int
) -> Path:
    known = [suffix.lstrip(".") for suffix in FORMATS]
    wanted = settings.format.lower().lstrip(".") if settings.format else None
    return output_for(
        path,
        output,
        options.style,
        number=number,
        known=[wanted] if wanted else known,
        fallback=wanted or "png",
    )


def convert_image(
    source: Path,
    target: Path,
    options: EngineOptions,
    settings: ImageSettings,
    on_warning: Warn | None = None,
    make: MakeStylize = make_stylizer,
) -> FileReport:
    """Convert one picture; raises LivecartoonError, and then leaves nothing behind."""
    report = FileReport(source, target)
    if settings.skip_existing and target.exists():
        report.status = "skipped"
        return report
    check_paths(source, target, overwrite=settings.overwrite, check_suffix=picture_format)
    picture = read_picture(source)
    height, width, _ = picture.pixels.shape
    info = VideoInfo(width, height, Fraction(1), frames=1)
    started = time.perf_counter()
    with make(info, options) as stylize:
        styled = stylize(Frame(picture.pixels, 0, Fraction(1)))
        report.engine = engine_fields(stylize)
    drawn = time.perf_counter()
    _save(target, encode_picture(target, styled.pixels, picture.alpha, quality=settings.quality))
    report.status = "done"
    report.frames_in = report.frames_out = 1
    report.size = report.infer_size = (width, height)
    report.stage_ms = {"stylize": round(1000 * (drawn - started), 3)}
    report.bytes_in, report.bytes_out = source.stat().st_size, target.stat().st_size
    report.peak_rss = peak_rss()
    has_lost_alpha = picture.alpha is not None and FORMATS[target.suffix.lower()][2] is None
    lost = (f"{target.suffix} has no transparency: it is dropped",) if has_lost_alpha else ()
    for text in (*picture.warnings, *lost):
        report.warnings.append(text)
        if on_warning is not None:
            on_warning("W301", text)
    return report


def _save(target: Path, content: bytes) -> None:
    """Write under another name, then rename: the target is whole or not there."""
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        code = "E403" if error.errno in (27, 28) else "E402"
        raise OutputError(
            code, f"{target} cannot be written ({error.strerror})", "check folder and space"
        ) from error
