"""Engines for library users: to run one as it is, to build and to time them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from livecartoon.api.sliders import Adjustable
from livecartoon.api.typed import Size, engine_options, pixels_of
from livecartoon.frame import Frame, Pixels
from livecartoon.styles import find_style
from livecartoon.stylizer import EngineReport, Stylizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from livecartoon.jobs.optimize import EngineResult, Phase

_ANY_TIME = Fraction(1, 1000)


class Engine(Adjustable):
    """One style compiled for frames of one size: uint8 RGB (H, W, 3) in, the same out.

    What `Cartoonizer` runs, without its conversions, its memory of earlier frames and its change
    of size; one per thread. EngineError for a frame of another size.

    >>> with Engine("classic", size=(64, 48)) as engine:
    ...     cartoon = engine(np.full((48, 64, 3), 128, np.uint8))
    >>> cartoon.shape, engine.report.device, engine.report.infer_size
    ((48, 64, 3), 'cpu', (64, 48))
    """

    def __init__(
        self,
        style: str = "shinkai",
        *,
        size: Size = (1280, 720),
        **options: Any,  # noqa: ANN401  the fields of EngineOptions and Look
    ) -> None:
        """Load the engine, or build it; raises EngineError, ModelError, UsageError."""
        typed = engine_options(style, {"temporal": "off"} | options)
        self._options = typed
        self._stylizer: Stylizer = Stylizer(find_style(style), *pixels_of(size), typed)

    def __call__(self, pixels: Pixels) -> Pixels:
        """Draw one frame, whatever was drawn before; the result is the caller's."""
        self._stylizer.reset()
        drawn = self._stylizer(Frame(np.ascontiguousarray(pixels), 0, _ANY_TIME))
        return np.array(drawn.pixels)

    @property
    def report(self) -> EngineReport:
        """What runs, and why."""
        return self._stylizer.report

    def close(self) -> None:
        """Release the device; twice is harmless."""
        self._stylizer.close()


def optimize(
    styles: str | Sequence[str] = "shinkai",
    *,
    sizes: Sequence[Size] = ((1280, 720),),
    force: bool = False,
    check_only: bool = False,
    on_phase: Callable[[Phase], None] | None = None,
    **options: Any,  # noqa: ANN401  the fields of EngineOptions and Look
) -> list[EngineResult]:
    """Build the engines of styles ahead of use and test them, as `livecartoon optimize` does.

    `on_phase` hears of each step. Returns what runs from now on, an entry for each style and
    size; raises EngineError where nothing does, ModelError, UsageError.

    >>> for built in optimize("classic", sizes=["64x48"]):
    ...     print(built.style, built.backend, built.precision_used)
    classic openvino fp32
    """
    from livecartoon.jobs.optimize import OptimizeSettings
    from livecartoon.jobs.optimize import optimize as build

    names = [styles] if isinstance(styles, str) else list(styles)
    settings = OptimizeSettings(tuple(map(pixels_of, sizes)), force, check_only)
    typed = engine_options(names[0], options)
    return build([find_style(name) for name in names], typed, settings, on_phase)


def bench(
    style: str = "shinkai",
    *,
    sizes: Sequence[Size] = ((1280, 720),),
    backends: Sequence[str] = (),
    seconds: float = 10.0,
    **options: Any,  # noqa: ANN401  the fields of EngineOptions and Look
) -> list[dict[str, Any]]:
    """Measure a style at sizes on backends, all that run here if none is named.

    Returns the `runs` of `livecartoon bench --json`; each takes about `seconds`.

    >>> (run,) = bench("classic", sizes=["192x108"], seconds=0.2)
    >>> run["size"], run["fps_network"] > 0
    ([192, 108], True)
    """
    from livecartoon.jobs.bench import BenchSettings
    from livecartoon.jobs.bench import bench as measure

    settings = BenchSettings(tuple(map(pixels_of, sizes)), tuple(backends), seconds)
    return measure(settings, engine_options(style, options))
