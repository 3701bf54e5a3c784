"""The styles that steadiness is measured behind: the touchy filter and every trained network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction

from benchmarks.touchy_style import touchy_cartoon
from livecartoon.config import EngineOptions
from livecartoon.frame import Frame, Pixels
from livecartoon.styles import find_style, list_styles
from livecartoon.stylizer import Stylizer

Draw = Callable[[Pixels], Pixels]
TOUCHY = "touchy"


def style_names() -> list[str]:
    """Return "touchy" and "STYLE-TIER" for every tier of every installed network, each once."""
    own = [style for style in list_styles() if not style.base]
    return [TOUCHY, *(f"{style.name}-{tier}" for style in own for tier in style.files)]


@contextmanager
def open_style(name: str, width: int, height: int, threads: int = 1) -> Iterator[Draw]:
    """Give a function that draws one frame of that size, without memory of others.

    In FP32: drawn clips have the same scores on every processor.
    """
    if name == TOUCHY:
        yield touchy_cartoon
        return
    style, _, tier = name.rpartition("-")
    options = EngineOptions(
        style=style,
        tier=tier,
        temporal="off",
        threads=threads,
        device="cpu",
        backend="openvino",
        precision="fp32",
    )
    with Stylizer(find_style(style), width, height, options) as stylizer:
        yield lambda picture: stylizer(Frame(picture, 0, Fraction(1, 30))).pixels
