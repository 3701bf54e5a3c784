"""Styles without training: a start to edit, or a fit to a handful of pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from livecartoon.errors import OutputError, UsageError
from livecartoon.escape import printable
from livecartoon.folders import user_styles
from livecartoon.jobs.colourfit import Colours, colours_of, fitted
from livecartoon.jobs.linefit import fitted_lines
from livecartoon.models.checkpoint import read_header
from livecartoon.models.cube import Lattice, identity_lattice, write_cube
from livecartoon.models.inkstyle import InkStyle, ink_of
from livecartoon.sources.pictures import read_picture
from livecartoon.styles import Style, find_style, list_styles
from livecartoon.styles.entry import TABLE

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
USUAL = Colours(
    np.array([2.3, 11.4, 20, 29.2, 38.4, 46.6, 55.8, 63.9, 71.6, 75.8, 78.7, 84.7, 98.1]),
    np.array([[4.4, -8.5], [6, -2.9], [7.4, 6.5], [5.5, 13], [4.1, 14.3], [1.9, 11.9], [-0.1, 5]]),
    np.array([28.1, 34.5, 32.5, 30.6, 22, 20, 22, 22.3]),
    np.ones(8),
)
"""Of 100 photos, 40 of them of people, as shinkai's `small` fills them."""
START = """\
# The networks of `base`, then the colour table `lut`, then the lines. Any .cube file will do,
# 1D or 3D, of 2 to 65 nodes a side. What you leave out is as in `base`.
base = {base}
title = "{title}"
description = "{description}"
lut = "{lut}"

[ink]
sigma = {sigma}  # pixels: width of the lines
threshold = {threshold}  # how much darker than its surroundings a line must be
ramp = {ramp}  # smaller is crisper
strength = {strength}  # opacity of a full line
tint = {tint}  # share of the fill that shows through
tone = {tone}  # red, green, blue of the ink, 0..1
"""


def new_style(name: str, base: str) -> list[Path]:
    """Write the start of a style NAME over `base` into the user's folder; UsageError, OutputError.

    Its table changes nothing yet; returns the files.
    """
    stands_on, ink = _checked(name, base)
    return _write(name, stands_on, identity_lattice(17), ink, "Mine")


def fit_style(pictures: Sequence[Path], name: str, base: str) -> list[Path]:
    """The same with colours and lines fitted to pictures; InputError if one cannot be read."""
    stands_on, ink = _checked(name, base)
    shown = [read_picture(path).pixels for path in pictures]
    lattice = fitted(USUAL, colours_of(shown))
    told = f"Fitted to {len(shown)} picture{'s' if len(shown) > 1 else ''}"
    return _write(name, stands_on, lattice, fitted_lines(ink, shown), told)


def _checked(name: str, base: str) -> tuple[Style, InkStyle]:
    if not NAME.fullmatch(name) or f"{name}.toml" == TABLE:
        raise UsageError(
            "E201", f"{name!r} is no name for a style", "a-z, 0-9, - and _, such as evening"
        )
    installed = list_styles()
    if any(name == style.name or name in style.aliases for style in installed):
        raise OutputError("E401", f"there is a style {name} already", "another name")
    for path in _files(name):
        if path.exists():
            raise OutputError("E401", f"{path} exists", "another name")
    stands_on = find_style(base)
    if stands_on not in installed:  # a file or a mixture: no table can name it as its base
        raise UsageError("E201", f"{printable(base)} is not an installed style", "--from shinkai")
    if stands_on.base or not stands_on.files:
        raise UsageError("E201", f"{base} has no network of its own", "--from shinkai")
    header = read_header(next(iter(stands_on.files.values())))
    if header["arch"] != "student":
        raise UsageError("E201", f"{base} draws no lines of ours", "--from shinkai")
    return stands_on, ink_of(header)


def _files(name: str) -> tuple[Path, Path]:
    """Where its colour table and its text go."""
    return user_styles() / f"{name}.cube", user_styles() / f"{name}.toml"


def _write(name: str, base: Style, lattice: Lattice, ink: InkStyle, told: str) -> list[Path]:
    table, text = _files(name)
    folder = table.parent
    partials = [path.with_name(f"{path.name}.partial") for path in (table, text)]
    values = asdict(ink) | {"tone": list(ink.tone)}
    content = START.format(
        base=_quoted(base.name), title=name.capitalize(), description=told, lut=table.name, **values
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_cube(partials[0], lattice, name)
        partials[1].write_text(content, encoding="utf-8")
        partials[0].replace(table)
        partials[1].replace(text)  # last: with it the style is there
    except OSError as error:
        raise OutputError(
            "E402", f"{folder} cannot be written ({error.strerror})", "check the folder"
        ) from error
    finally:
        for partial in partials:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
    return [text, table]


def _quoted(text: str) -> str:
    """`text` as a string of TOML, which unlike JSON has to escape the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
