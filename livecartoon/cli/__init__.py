"""The command line: one lazy group, errors turned into exit codes in one place."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click

from livecartoon import __version__
from livecartoon.cli.failure import INTERRUPTED, Terminated, report
from livecartoon.cli.flags import HELP_NAMES, shared
from livecartoon.cli.session import Session
from livecartoon.cli.values import nearest
from livecartoon.errors import UsageError

#: Command -> "module:function"; a module is imported when its command is used or listed.
COMMANDS = {
    "bench": "livecartoon.cli.bench:bench",
    "cache": "livecartoon.cli.cache:cache",
    "cam": "livecartoon.cli.cam:cam",
    "convert": "livecartoon.cli.convert:convert",
    "demo": "livecartoon.cli.demo:demo",
    "devices": "livecartoon.cli.devices:devices",
    "doctor": "livecartoon.cli.doctor:doctor",
    "image": "livecartoon.cli.image:image",
    "optimize": "livecartoon.cli.optimize:optimize",
    "serve": "livecartoon.cli.serve:serve",
    "styles": "livecartoon.cli.styles:styles",
}
SECOND_SIGNAL_S = 3.0


class LazyGroup(click.Group):
    """Finds its commands in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command `cmd_name`."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        made = getattr(import_module(module), name)
        assert isinstance(made, click.Command)
        return made

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Answer an unknown command with the nearest ones."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise UsageError(
                "E201",
                f"no command named {args[0]!r}",
                *nearest(args[0], COMMANDS),
                "livecartoon --help",
            )
        return super().resolve_command(ctx, args)


@shared
@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": list(HELP_NAMES)},
)
@click.version_option(__version__, prog_name="livecartoon", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Turn live video, video files and pictures into cartoons.

    \b
    Examples:
      livecartoon cam
      livecartoon convert holiday.mp4 -o cartoon.mp4
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        raise click.exceptions.Exit(UsageError.exit_code)


def run(args: list[str]) -> int:
    """Run one command line and return its exit code; nothing escapes."""
    session = Session(json="--json" in args)
    try:
        ended = main.main(args, prog_name="livecartoon", standalone_mode=False, obj=session)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone, which is its right: end quietly, also when Python flushes again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit:  # how click ends when it meets the same while printing
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the one border to the shell
        return report(session, error)
    finally:
        logging.shutdown()
    return ended if isinstance(ended, int) else 0


def entry() -> None:
    """Be the program `livecartoon`."""
    last_s = 0.0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s < SECOND_SIGNAL_S and last_s:
            os._exit(INTERRUPTED)
        last_s = now_s
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    leave(run(sys.argv[1:]))


def leave(code: int) -> NoReturn:
    """Exit; without tearing Python down if a thread is still inside a native library.

    An engine build cannot be interrupted, and the C++ below it aborts the process (134) when
    Python ends its thread.
    """
    if any(thread.daemon and thread.is_alive() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
