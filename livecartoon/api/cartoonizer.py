"""`Cartoonizer`: arrays and tensors in, cartoons of the same kind out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal, TypeVar

import numpy as np

from livecartoon.api.pictures import as_pixels, of_its_kind
from livecartoon.api.sliders import Adjustable
from livecartoon.api.typed import engine_options
from livecartoon.frame import Frame
from livecartoon.styles import find_style
from livecartoon.stylizer import EngineReport, Stylizer

MILLISECOND = Fraction(1, 1000)
Picture = TypeVar("Picture")


class Cartoonizer(Adjustable):
    """Cartoons of single pictures and of streams, as arrays; one per thread.

    Arrays are (H, W, 3), uint8 or float32 in 0..1; tensors of torch uint8 (H, W, 3) or floats
    (3, H, W) in 0..1, on any device; RGB or, with `color="bgr"`, BGR. The answer has the same
    shape, type, order and place, and the input is never changed. Another kind raises ValueError.
    An engine is loaded per picture size and kept for the last one.

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
    ValueError: a picture is (H, W, 3), this one (48, 64) float32
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
        if color not in ("rgb", "bgr"):
            raise ValueError(f"color is rgb or bgr, not {color!r}")
        self._options = engine_options(style, options)
        self._style = find_style(style)
        self._is_bgr = color == "bgr"
        self._has_memory = temporal
        self._stylizer: Stylizer | None = None
        self._size = (0, 0)
        self._clock_ms = 0
        self._is_streaming = False

    def __call__(self, picture: Picture) -> Picture:
        """One cartoon; without memory of earlier calls unless `temporal` was asked for."""
        return self._draw(picture, self._has_memory)

    def batch(self, pictures: Iterable[Picture]) -> list[Picture]:
        """Cartoons of independent pictures."""
        return [self._draw(picture, has_memory=False) for picture in pictures]

    def stream(self, pictures: Iterable[Picture], rate: float = 30.0) -> Iterator[Picture]:
        """Cartoons of consecutive frames at `rate` per second, with the anti-flicker filter.

        One at a time: RuntimeError if another one has begun and not ended; `close()` ends one.
        """
        if self._is_streaming:
            raise RuntimeError("another stream of this Cartoonizer has not ended")
        self._is_streaming = True
        try:
            self.reset()
            for picture in pictures:
                yield self._draw(picture, has_memory=True, step_ms=1000 / rate)
        finally:
            self._is_streaming = False

    @property
    def strength(self) -> float:
        """0 = the source, 1 = the cartoon; one of the sliders in `look`."""
        return self.look.strength

    @strength.setter
    def strength(self, strength: float) -> None:
        self.look = replace(self.look, strength=strength)

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

    def _draw(self, picture: Picture, has_memory: bool, step_ms: float = 33.0) -> Picture:
        pixels = as_pixels(picture)
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
        cartoon: Picture = of_its_kind(drawn, picture)
        return cartoon
