"""The Python face of the program: `Cartoonizer` for arrays, `convert` for files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from livecartoon.closing import Closing
from livecartoon.config import EngineOptions, Look
from livecartoon.frame import Frame, Pixels
from livecartoon.size import parse_size
from livecartoon.styles import find_style, list_styles
from livecartoon.stylizer import EngineReport, Stylizer

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Cartoonizer", "convert", "list_styles"]

MILLISECOND = Fraction(1, 1000)


class Cartoonizer(Closing):
    """Cartoons of single pictures and of streams, as arrays; one per thread.

    Pictures are (H, W, 3), uint8 or float32 in 0..1, RGB or, with `color="bgr"`, BGR; the
    answer has the same shape, type and order and the input is never changed. An engine is
    loaded per picture size and kept for the last one.

    >>> import numpy as np
    >>> photo = np.full((48, 64, 3), 0.5, np.float32)
    >>> with Cartoonizer(style="classic") as toon:
    ...     cartoon = toon(photo)
    ...     frames = list(toon.stream([photo, photo], rate=25))
    ...     toon.look = replace(toon.look, strength=0.0)
    ...     source = toon(photo)
    >>> cartoon.shape, cartoon.dtype, len(frames)
    ((48, 64, 3), dtype('float32'), 2)
    >>> bool(abs(source - photo).max() < 1 / 255)
    True
    >>> toon(photo[..., 0])
    Traceback (most recent call last):
    ...
    ValueError: a picture is (H, W, 3), this one (48, 64)
    """

    def __init__(
        self,
        style: str = "shinkai",
        *,
        color: Literal["rgb", "bgr"] = "rgb",
        temporal: bool = False,
        **options: Any,  # noqa: ANN401  the fields of EngineOptions and Look, checked below
    ) -> None:
        """`options`: fields of EngineOptions and of Look; an unknown one raises TypeError."""
        look_fields = {name: options.pop(name) for name in _LOOK_FIELDS & options.keys()}
        self._options = EngineOptions(style=style, look=Look(**look_fields), **options)
        self._style = find_style(style)
        self._is_bgr = color == "bgr"
        self._has_memory = temporal
        self._stylizer: Stylizer | None = None
        self._size = (0, 0)
        self._clock_ms = 0

    def __call__(self, picture: NDArray[Any]) -> NDArray[Any]:
        """One cartoon; without memory of earlier calls unless `temporal` was asked for."""
        return self._draw(picture, self._has_memory)

    def batch(self, pictures: Iterable[NDArray[Any]]) -> list[NDArray[Any]]:
        """Cartoons of independent pictures."""
        return [self._draw(picture, has_memory=False) for picture in pictures]

    def stream(
        self, pictures: Iterable[NDArray[Any]], rate: float = 30.0
    ) -> Iterator[NDArray[Any]]:
        """Cartoons of consecutive frames at `rate` per second, with the anti-flicker filter."""
        self.reset()
        for picture in pictures:
            yield self._draw(picture, has_memory=True, step_ms=1000 / rate)

    @property
    def look(self) -> Look:
        """The live sliders; assign `replace(toon.look, strength=0.8)`."""
        return self._options.look

    @look.setter
    def look(self, look: Look) -> None:
        self._options = replace(self._options, look=look)
        if self._stylizer is not None:
            self._stylizer.set_look(look)

    @property
    def style(self) -> str:
        """Name of the style; assign another to switch."""
        return self._style.name

    @style.setter
    def style(self, name: str) -> None:
        self._style = find_style(name)
        self.close()

    @property
    def info(self) -> EngineReport | None:
        """What runs, once a picture was drawn."""
        return self._stylizer.report if self._stylizer else None

    def warmup(self, height: int, width: int) -> None:
        """Load the engine for a size before the first picture comes."""
        self._engine(height, width)

    def reset(self) -> None:
        """Forget earlier frames."""
        if self._stylizer is not None:
            self._stylizer.reset()

    def close(self) -> None:
        """Release the engine; the next picture loads it again."""
        if self._stylizer is not None:
            self._stylizer.close()
        self._stylizer = None

    def _engine(self, height: int, width: int) -> Stylizer:
        if self._stylizer is None or self._size != (height, width):
            self.close()
            self._stylizer = Stylizer(self._style, width, height, self._options)
            self._size = (height, width)
        return self._stylizer

    def _draw(self, picture: NDArray[Any], has_memory: bool, step_ms: float = 33.0) -> NDArray[Any]:
        pixels = _as_pixels(picture)
        if self._is_bgr:
            pixels = pixels[..., ::-1]
        stylizer = self._engine(*pixels.shape[:2])
        if not has_memory:
            stylizer.reset()
        self._clock_ms += max(1, round(step_ms))
        frame = Frame(np.ascontiguousarray(pixels), self._clock_ms, MILLISECOND)
        drawn = stylizer(frame).pixels
        if self._is_bgr:
            drawn = np.ascontiguousarray(drawn[..., ::-1])
        if picture.dtype == np.float32:
            return (drawn * np.float32(1 / 255)).astype(np.float32)
        return drawn


def convert(
    source: str | Path,
    output: str | Path | None = None,
    **options: Any,  # noqa: ANN401  the fields of ConvertSettings, EngineOptions and Look
) -> Any:  # noqa: ANN401  a FileReport, whose module is imported only here
    """Convert a video file; returns the report that `livecartoon convert --json` prints.

    >>> report = convert("holiday.mp4", "cartoon.mkv", style="classic", codec="ffv1")
    >>> report.status, report.frames_out == report.frames_in, report.engine["device"]
    ('done', True, 'cpu')
    >>> convert("nowhere.mp4", style="classic")
    Traceback (most recent call last):
    ...
    livecartoon.errors.InputError: [E301] no such file: nowhere.mp4
    """
    from dataclasses import fields
    from pathlib import Path

    from livecartoon.jobs.convert import ConvertSettings, convert_file
    from livecartoon.jobs.snapping import as_the_style_ends

    settings_fields = {field.name for field in fields(ConvertSettings)}
    settings = {name: options.pop(name) for name in settings_fields & options.keys()}
    for name in _RATIONAL_FIELDS & settings.keys():
        settings[name] = None if settings[name] is None else Fraction(settings[name])
    if isinstance(settings.get("size"), str):
        settings["size"] = parse_size(settings["size"])
    look = {name: options.pop(name) for name in _LOOK_FIELDS & options.keys()}
    engine = as_the_style_ends(EngineOptions(look=Look(**look), **options))
    target = Path(output) if output is not None else None
    return convert_file(Path(source), target, engine, ConvertSettings(**settings))


_LOOK_FIELDS = {"strength", "keep_color", "ink", "vivid"}
_RATIONAL_FIELDS = {"ss", "to", "duration", "fps", "segment_s"}


def _as_pixels(picture: NDArray[Any]) -> Pixels:
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"a picture is (H, W, 3), this one {picture.shape}")
    if picture.dtype == np.uint8:
        return np.asarray(picture, dtype=np.uint8)
    if picture.dtype == np.float32:
        return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), dtype=np.uint8)
    raise ValueError(f"a picture is uint8 or float32, this one {picture.dtype}")
