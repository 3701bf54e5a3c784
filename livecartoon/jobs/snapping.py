"""Grid and palette of the pixel-art finish, from frames spread over a whole file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from livecartoon.config import EngineOptions
from livecartoon.frame import Frame
from livecartoon.snap import Snap, with_own_finish
from livecartoon.sources.base import Source
from livecartoon.sources.file import FileSource
from livecartoon.styles import find_style

if TYPE_CHECKING:
    from livecartoon.jobs.hooks import MakeStylize
    from livecartoon.jobs.settings import ConvertSettings

LONG_S = 120.0
LOOKED_AT = 9
"""Frames that decide; more change the palette by less than its colours differ."""


def as_the_style_ends(options: EngineOptions) -> EngineOptions:
    """`options` with the finish of their style, if it brings one along; UsageError E201.

    A film must know of it before its first frame: grid and palette come from all of it.
    """
    return with_own_finish(options, find_style(options.style).snap)


def plan_for_file(
    path: Path, options: EngineOptions, settings: ConvertSettings, make_stylize: MakeStylize
) -> EngineOptions:
    """Return `options` with grid and palette for the film `path`; unchanged without a finish.

    The palette must fit the last scene as well as the first, and every part of a file must get
    the same one. Of long films only key frames are decoded. Raises InputError.
    """
    if options.snap is None or options.snap.plan is not None:
        return options
    reading = partial(
        FileSource,
        path,
        on_error="repeat",
        hdr=settings.hdr,
        deinterlace=settings.deinterlace,
        fit=settings.size.resolve if settings.size is not None else None,
    )
    with reading() as film:
        if (film.info.duration_s or 0) <= LONG_S:
            return _planned(film, options, make_stylize)
    with reading(only_key_frames=True) as film:
        return _planned(film, options, make_stylize)


def _planned(source: Source, options: EngineOptions, make_stylize: MakeStylize) -> EngineOptions:
    frames = spread(source, LOOKED_AT)
    if not frames or options.snap is None:
        return options
    plain = replace(options, snap=None, temporal="off")
    with make_stylize(source.info, plain) as stylize:
        drawn = [stylize(frame).pixels for frame in frames]
    return replace(options, snap=replace(options.snap, plan=Snap(options.snap).learn(drawn)))


def spread(frames: Iterable[Frame], count: int) -> list[Frame]:
    """Return at most `count` frames spread evenly, without knowing how many there will be.

    Holds twice as many at most: when they are too many, every other one goes.
    """
    kept: list[Frame] = []
    apart = 1
    for number, frame in enumerate(frames):
        if number % apart:
            continue
        kept.append(frame)
        if len(kept) == 2 * count:
            kept = kept[::2]
            apart *= 2
    step = len(kept) / count
    return kept if step <= 1 else [kept[int(step * place)] for place in range(count)]
