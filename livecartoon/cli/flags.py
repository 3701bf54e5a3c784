"""The base of every command and option: shared flags, environment and configuration file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from livecartoon.cli.session import Session
from livecartoon.cli.values import Named
from livecartoon.errors import OutputError

AnyCommand = TypeVar("AnyCommand", bound=Callable[..., Any] | click.Command)
FILE = click.Path(path_type=Path)
HELP_NAMES = ("-h", "--help")
#: Where a value came from, weakest first.
RANKS = {
    ParameterSource.DEFAULT_MAP: 1,
    ParameterSource.ENVIRONMENT: 2,
    ParameterSource.COMMANDLINE: 3,
}


def environment_name(flag: str) -> str:
    """Return the variable that stands for the long flag `flag` (without dashes)."""
    return "LIVECARTOON_" + flag.upper().replace("-", "_")


class Flag(click.Option):
    """An option that LIVECARTOON_<FLAG> and the configuration file can set too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("show_default", kwargs.get("default") not in (None, ""))
        super().__init__(*args, **kwargs)
        self.key = next((o[2:] for o in self.opts if o.startswith("--")), "").replace("-", "_")
        if self.envvar is None and self.key:
            self.envvar = environment_name(self.key)


class Command(click.Command):
    """A command that reads the configuration file before its own options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the file's values under the options that were not typed."""
        session = ctx.find_object(Session)
        if session is not None and not ctx.resilient_parsing:
            session.command = self.name or ""
            if not set(HELP_NAMES) & set(args):
                typed, _, _ = self.make_parser(ctx).parse_args(list(args))
                ctx.default_map = self._file_values(ctx, session, typed)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """All options, in `--help` those that every command has after its own."""
        return sorted(super().get_params(ctx), key=lambda parameter: not parameter.expose_value)

    def invoke(self, ctx: click.Context) -> Any:
        """Set up logging as the flags say, then run the command."""
        from livecartoon.logs import set_up_logging

        session = ctx.find_object(Session)
        assert session is not None
        try:
            set_up_logging(session.verbosity, session.log_file)
        except OSError as error:
            raise OutputError(
                "E402",
                f"{session.log_file} cannot be written ({error.strerror})",
                "--log-file FILE",
            ) from error
        return super().invoke(ctx)

    def _file_values(
        self, ctx: click.Context, session: Session, typed: dict[str, Any]
    ) -> dict[str, Any]:
        from livecartoon.cli.configfile import read_config

        group = ctx.parent.command if ctx.parent else None
        if typed.get("no_config") or session.no_config or not isinstance(group, click.Group):
            return {}
        path = typed.get("config") or session.config
        sections = read_config(Path(path) if path else None, group, ctx)
        values = sections.get("default", {}) | sections.get(self.name or "", {})
        names = {p.key: p.name for p in self.params if isinstance(p, Flag) and p.name}
        return {names[key]: value for key, value in values.items() if key in names}


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function the command `name`, with the shared flags."""

    def decorate(function: Callable[..., None]) -> click.Command:
        made = click.command(
            name, cls=Command, context_settings={"help_option_names": list(HELP_NAMES)}
        )(function)
        return shared(made)

    return decorate


def flag(*names: str, **settings: Any) -> Callable[[AnyCommand], AnyCommand]:
    """Add an option of ours."""
    return click.option(*names, cls=Flag, **settings)


def _remember(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Move a shared flag into the session, unless a stronger place said otherwise."""
    session = ctx.find_object(Session)
    name = parameter.name or ""
    rank = RANKS.get(ctx.get_parameter_source(name) or ParameterSource.DEFAULT, 0)
    if session is None or rank == 0:
        return
    if name in ("verbose", "quiet"):
        setattr(session, name, getattr(session, name) + value)
    elif rank >= session.sources.get(name, 0):
        session.sources[name] = rank
        setattr(session, name, value)


def shared(made: AnyCommand) -> AnyCommand:
    """Add the flags every command takes, before or after its name."""
    hidden: dict[str, Any] = {"expose_value": False, "callback": _remember, "is_eager": True}
    colors, bars = (
        Named(["auto", "always", "never"]),
        Named(["auto", "bar", "plain", "json", "none"]),
    )
    for add in (
        flag("-v", "verbose", count=True, help="Tell more; -vv everything.", **hidden),
        flag("-q", "quiet", count=True, help="Errors only; -qq nothing.", **hidden),
        flag("--color", type=colors, help="Colours on stderr (auto).", **hidden),
        flag("--json", is_flag=True, help="One JSON document on stdout.", **hidden),
        flag("--progress", type=bars, help="How progress is shown (auto).", **hidden),
        flag("--config", type=FILE, help="Configuration file.", **hidden),
        flag("--no-config", is_flag=True, help="Ignore the configuration file.", **hidden),
        flag("--log-file", type=FILE, help="Write the log here too.", **hidden),
    ):
        made = add(made)
    return made
