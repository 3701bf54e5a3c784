"""Writes the manual pages from the program itself: python docs/make_man.py FOLDER."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from livecartoon import __version__
from livecartoon.cli import main

LINKS = ("livecartoon doctor", "docs/errors.md for the exit codes")


def pages() -> dict[str, str]:
    """Return the pages by file name: the program, and one for each of its commands."""
    top = click.Context(main, info_name="livecartoon")
    found = {"livecartoon.1": page(main, top)}
    for name in main.list_commands(top):
        command = main.get_command(top, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=top)
        found[f"livecartoon-{name}.1"] = page(command, context)
    return found


def page(command: click.Command, context: click.Context) -> str:
    """Return one page as roff."""
    title = context.command_path.replace(" ", "-")
    about, examples = _help(command)
    lines = [f'.TH "{title.upper()}" 1 "" "livecartoon {__version__}"', ".SH NAME"]
    lines += [
        rf"{escaped(title)} \- {escaped(about[0].split('. ')[0].rstrip('.'))}",
        ".SH SYNOPSIS",
    ]
    lines += [f".B {escaped(context.command_path)}"]
    lines += [escaped(" ".join(command.collect_usage_pieces(context))), ".SH DESCRIPTION"]
    for paragraph in about:
        lines += [".PP", escaped(paragraph)]
    if examples:
        lines += [".SH EXAMPLES", ".nf", *(escaped(line) for line in examples), ".fi"]
    lines += [".SH OPTIONS", *_options(command, context)]
    if isinstance(command, click.Group):
        lines += [".SH COMMANDS", *_commands(command, context)]
    lines += [".SH SEE ALSO", escaped("; ".join(LINKS))]
    return "\n".join(lines) + "\n"


def _help(command: click.Command) -> tuple[list[str], list[str]]:
    """Return the paragraphs of a command's help, and its examples."""
    text, _, examples = (command.help or "").partition("\b\nExamples:\n")
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if part.split()]
    return paragraphs, [line.strip() for line in examples.splitlines() if line.strip()]


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        if (record := parameter.get_help_record(context)) is not None:
            yield from (".TP", rf"\fB{escaped(record[0])}\fR", escaped(record[1]))


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from (".TP", rf"\fB{escaped(name)}\fR", escaped(command.get_short_help_str(100)))


def escaped(text: str) -> str:
    """Return text that roff prints as it is."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
