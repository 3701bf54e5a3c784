"""The flags that every stylizing command shares: the look and the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

import click

from livecartoon.cli.flags import AnyCommand, flag
from livecartoon.cli.session import Session
from livecartoon.cli.values import Named, Value, parse_size
from livecartoon.config import TIERS, EngineOptions, Look, TemporalName

if TYPE_CHECKING:
    from livecartoon.styles import Style

DEFAULT_STYLE = "shinkai"
BACKEND_NAMES = ("auto", "openvino", "tensorrt", "torch")
LAST_RESORT = "classic"


def parse_infer_size(text: str) -> str:
    """Check `auto`, `source` or a SIZE and return it in one spelling."""
    word = text.strip().lower()
    return word if word in ("auto", "source") else str(parse_size(word))


INFER_SIZE = Value("auto|source|size", parse_infer_size)
UNIT = click.FloatRange(0, 1)
DOUBLE = click.FloatRange(0, 2)
STYLE_FLAGS: tuple[Callable[[Any], Any], ...] = (
    flag("-s", "--style", metavar="NAME|FILE", help=f"Style to draw in ({DEFAULT_STYLE})."),
    flag("--tier", type=Named(["auto", *TIERS]), default="auto", help="Size of the network."),
    flag("--strength", type=UNIT, help="0 = the source, 1 = the cartoon."),
    flag("--keep-color", type=UNIT, help="1 = the source's colours and brightness."),
    flag("--ink", type=DOUBLE, default=1.0, help="Darkness of the lines, 1 = the style's own."),
    flag("--vivid", type=DOUBLE, default=1.0, help="Colourfulness, 1 = the style's own."),
    flag(
        "--temporal",
        type=Named(get_args(TemporalName)),
        default="auto",
        help="How flicker is calmed.",
    ),
    flag("--temporal-strength", type=UNIT, help="How steady the picture is."),
    flag("--infer-size", type=INFER_SIZE, default="auto", help="Size at which the network runs."),
    flag("--device", default="auto", metavar="auto|cpu|cuda|cuda:N|TEXT", help="Where it runs."),
    flag("--backend", type=Named(BACKEND_NAMES), default="auto", help="What runs it."),
    flag("--precision", type=Named(["auto", "fp16", "fp32"]), default="auto", help="Arithmetic."),
    flag("--threads", type=click.IntRange(0, 1024), default=0, help="CPU threads, 0 = decide."),
)


def style_flags(made: AnyCommand) -> AnyCommand:
    """Add the look and engine flags; `engine_options` turns their values into a config."""
    for add in reversed(STYLE_FLAGS):
        made = add(made)
    return made


def pick_style(session: Session, typed: str | None) -> Style:
    """Return the style that was typed, or the best one installed when none was."""
    from livecartoon.styles import find_style, list_styles

    if typed:
        return find_style(typed)
    trained = [s for s in list_styles() if any(path.is_file() for path in s.files.values())]
    named = [style for style in trained if style.name == DEFAULT_STYLE]
    chosen = (named or trained or [find_style(LAST_RESORT)])[0]
    if chosen.name != DEFAULT_STYLE:
        session.warn("W201", f"the style {DEFAULT_STYLE} is not installed: using {chosen.name}")
    return chosen


def engine_options(session: Session, values: dict[str, Any]) -> EngineOptions:
    """Turn the values of STYLE_FLAGS into a config; the style fills in what nobody set."""
    typed: str | None = values.pop("style")
    style = pick_style(session, typed)
    sliders = {name: values.pop(name) for name in ("strength", "keep_color", "ink", "vivid")}
    own = {"strength": style.strength, "keep_color": style.keep_color}
    look = Look(**{n: own.get(n, 1.0) if v is None else v for n, v in sliders.items()})
    if values["temporal_strength"] is None:
        values["temporal_strength"] = style.temporal_strength
    return EngineOptions(style=typed or style.name, look=look, **values)
