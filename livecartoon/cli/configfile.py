"""The configuration file: checked whole, every complaint with its line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from livecartoon.cli.flags import Flag
from livecartoon.cli.session import Session
from livecartoon.cli.values import nearest
from livecartoon.errors import UsageError

MAX_BYTES = 1 << 20
DEFAULT = "default"
HEADER_TEXT = re.compile(r"\s*\[\s*[\"']?([^\]\"']+?)[\"']?\s*\]")


def default_path() -> Path:
    """Return where the file is looked for; never the current folder."""
    import platformdirs

    return Path(platformdirs.user_config_dir("livecartoon", appauthor=False)) / "config.toml"


def read_config(
    path: Path | None, group: click.Group, ctx: click.Context
) -> dict[str, dict[str, Any]]:
    """Return section -> key -> value as text, list or bool; only a named file must exist."""
    given = path or default_path()
    try:
        if path is None and not given.is_file():
            return {}
        raw = given.read_bytes()[: MAX_BYTES + 1]
        text = raw.decode("utf-8")
        parsed = tomllib.loads(text)
    except OSError as error:
        raise UsageError("E206", f"{given}: {error.strerror}", "--no-config") from error
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError, TOMLDecodeError
        raise UsageError("E206", f"{given}: {error}", "correct the file, or --no-config") from error
    return _Checker(given, text, group, ctx).check(parsed)


class _Checker:
    """Compares a parsed file with the options the commands really have."""

    def __init__(self, path: Path, text: str, group: click.Group, ctx: click.Context) -> None:
        self._path, self._lines, self._ctx = path, text.splitlines(), ctx
        made = {name: group.get_command(ctx, name) for name in group.list_commands(ctx)}
        self._flags = {name: _flags(command) for name, command in made.items() if command}
        merged = {key: option for own in self._flags.values() for key, option in own.items()}
        self._flags[DEFAULT] = merged

    def check(self, parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
        return {name: self._section(name, table) for name, table in parsed.items()}

    def _section(self, name: str, table: Any) -> dict[str, Any]:
        if not isinstance(table, dict):
            raise self._bad(
                "", name, f"{name!r} stands outside a section", f"put it under [{DEFAULT}]"
            )
        if name not in self._flags:
            raise self._bad(
                name, "", f"unknown section [{name}]", *nearest(name, self._flags), f"[{DEFAULT}]"
            )
        return {key: self._value(name, key, value) for key, value in table.items()}

    def _value(self, section: str, key: str, value: Any) -> Any:
        known = self._flags[section]
        if key not in known:
            guess = nearest(key, known)
            raise self._bad(
                section, key, f"unknown key {key!r} in [{section}]", *guess, "remove the line"
            )
        option = known[key]
        if option.is_flag or option.count:
            wanted, is_good = "true or false", isinstance(value, bool)
        elif option.multiple:
            wanted, is_good = "a list", isinstance(value, list)
        else:
            wanted, is_good = "text or a number", isinstance(value, str | int | float)
            is_good = is_good and not isinstance(value, bool)
        if not is_good:
            raise self._bad(section, key, f"{key!r} needs {wanted}, not {value!r}", "correct it")
        if isinstance(value, bool):
            return value
        if isinstance(value, list):
            return [self._typed(section, key, item) for item in value]
        return self._typed(section, key, value)

    def _typed(self, section: str, key: str, value: Any) -> str:
        """Return the value as text once the option's own type accepts it."""
        option = self._flags[section][key]
        try:
            option.type.convert(str(value), option, self._ctx)
        except click.BadParameter as error:
            raise self._bad(section, key, error.message, "correct it") from error
        except UsageError as error:
            raise self._bad(section, key, error.message, *error.remedies) from error
        return str(value)

    def _bad(self, section: str, key: str, text: str, *remedies: str) -> UsageError:
        return UsageError("E206", f"{self._path}:{self._line(section, key)}: {text}", *remedies)

    def _line(self, section: str, key: str) -> int:
        """Return the line of a key of a section, or of the section, counted from 1."""
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        here, found = "", 1
        for number, line in enumerate(self._lines, 1):
            if header := HEADER_TEXT.match(line):
                here = header[1]
                found = number if here == section else found
            elif key and here == section and wanted.match(line):
                return number
        return found


def _flags(command: click.Command) -> dict[str, Flag]:
    return {p.key: p for p in command.params if isinstance(p, Flag) and p.key}


def effective_values(session: Session) -> Iterator[tuple[str, str, Any, str]]:
    """Yield (command, flag, value, origin) for every flag as it is before anything is typed."""
    ctx = click.get_current_context()
    group = ctx.find_root().command
    assert isinstance(group, click.Group)
    path = session.config or default_path()
    sections = {} if session.no_config else read_config(session.config, group, ctx)
    for name in group.list_commands(ctx):
        made = group.get_command(ctx, name)
        assert made is not None
        in_file = sections.get(DEFAULT, {}) | sections.get(name, {})
        for key, option in _flags(made).items():
            variable = str(option.envvar)
            if os.environ.get(variable):
                yield name, key, os.environ[variable], variable
            elif key in in_file:
                yield name, key, in_file[key], str(path)
            else:
                value = option.get_default(ctx)
                known = isinstance(value, str | int | float | tuple)
                yield name, key, value if known else "", "built-in" if known else "decided later"
