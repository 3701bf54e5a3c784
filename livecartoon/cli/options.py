"""The flags that every stylizing command shares: the look and the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

import click
from click.core import ParameterSource

from livecartoon.cli.flags import AnyCommand, flag
from livecartoon.cli.session import Session
from livecartoon.cli.values import BYTES, Named, Value
from livecartoon.config import TIERS, EngineOptions, Look, SnapOptions, TemporalName
from livecartoon.errors import UsageError
from livecartoon.size import parse_size

if TYPE_CHECKING:
    from livecartoon.styles import Style

DEFAULT_STYLE = "shinkai"
BACKEND_NAMES = ("auto", "openvino", "ort", "rtx", "tensorrt", "torch")
LAST_RESORT = "classic"
SNAP_NAMES = ("cell", "colors", "palette", "vote_margin", "vote_memory", "orphans", "dither")


def parse_infer_size(text: str) -> str:
    """Check `auto`, `source` or a SIZE and return it in one spelling."""
    word = text.strip().lower()
    return word if word in ("auto", "source") else str(parse_size(word))


def parse_cell(text: str) -> int:
    """Check `auto` or a number of pixels and return it, 0 for `auto`."""
    word = text.strip().lower()
    if word == "auto":
        return 0
    if not (word.isascii() and word.isdigit() and 2 <= int(word) <= 256):
        raise UsageError("E201", f"cell {text!r} is not auto or a number from 2 to 256", "--cell 6")
    return int(word)


INFER_SIZE = Value("auto|source|size", parse_infer_size)
CELL = Value("auto|n", parse_cell)
UNIT = click.FloatRange(0, 1)
DOUBLE = click.FloatRange(0, 2)
STYLE_FLAGS: tuple[Callable[[Any], Any], ...] = (
    flag(
        "-s",
        "--style",
        metavar="NAME|FILE|MIX",
        help=f"Style to draw in ({DEFAULT_STYLE}), or a mix of some: a:0.6+b:0.4.",
    ),
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
    flag(
        "--precision",
        type=Named(["auto", "bf16", "fp16", "fp32", "int8"]),
        default="auto",
        help="Arithmetic.",
    ),
    flag("--threads", type=click.IntRange(0, 1024), default=0, help="CPU threads, 0 = decide."),
    flag("--mem-limit", type=BYTES, metavar="BYTES", help="Memory a run may take, 1G."),
)


SNAP_FLAGS: tuple[Callable[[Any], Any], ...] = (
    flag(
        "--snap/--no-snap", default=None, help="Finish as pixel art, or never (as the style does)."
    ),
    flag("--cell", type=CELL, help="Pixels a cell, auto = the picture's grid, or 160 along it."),
    flag("--colors", type=click.IntRange(2, 256), help="Colours of the pixel art (16)."),
    flag("--palette", metavar="auto|per-scene|FILE", help="Its colours; FILE has RRGGBB lines."),
    flag("--vote-margin", type=UNIT, help="Lead a cell needs to change its colour (0.15)."),
    flag("--vote-memory", type=click.FloatRange(0, 0.99), help="Share of the past (0.5)."),
    flag("--orphans/--no-orphans", default=None, help="Remove stray single cells (on)."),
    flag("--dither", type=Named(["off", "bayer4"]), help="Pattern between colours (off)."),
)


def snap_flags(made: AnyCommand) -> AnyCommand:
    """Add the flags of the pixel-art finish; `engine_options` takes their values."""
    for add in SNAP_FLAGS:
        made = add(made)
    return made


def style_flags(made: AnyCommand) -> AnyCommand:
    """Add the look and engine flags; `engine_options` turns their values into a config."""
    for add in STYLE_FLAGS:
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
    own_snap = values.get("snap") is not False
    snap = snap_options(values, style.snap)
    name = typed or style.name
    return EngineOptions(style=name, look=look, snap=snap, own_snap=own_snap, **values)


def snap_options(
    values: dict[str, Any], own: tuple[tuple[str, int], ...] | None
) -> SnapOptions | None:
    """Take the values of SNAP_FLAGS out of `values`; what is typed goes over the style's own.

    UsageError for one typed without --snap where the style has no finish.
    """
    wanted = values.pop("snap", None)
    given = {name: values.pop(name, None) for name in SNAP_NAMES}
    has_own = own is not None and wanted is None
    if not wanted and not (has_own and any(value is not None for value in given.values())):
        if has_own:
            return None  # those who draw take the style's own
        context = click.get_current_context(silent=True)
        for name in SNAP_NAMES if context else ():
            if context and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                word = "--" + name.replace("_", "-")
                raise UsageError("E202", f"{word} belongs to the pixel-art finish", "add --snap")
        return None
    typed = {name: value for name, value in given.items() if value is not None}
    chosen: dict[str, Any] = dict(own or ()) | typed
    if "cell" in chosen:
        chosen["cell"] = chosen["cell"] or None
    if "dither" in chosen:
        chosen["dither"] = chosen["dither"] == "bayer4"
    return SnapOptions(**chosen)
