"""Films that come from stdin or go to stdout."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from livecartoon.errors import InputError, OutputError, UsageError

PIPE_NAME = "-"


def check_pipes(inputs: tuple[str, ...], output: Path | None, *, is_json: bool) -> None:
    """Raise UsageError for pipes that cannot be."""
    if PIPE_NAME in inputs and (len(inputs) > 1 or output is None):
        raise UsageError("E202", "- (stdin) is one input and needs -o", "-o out.mp4, or -o -")
    if output is None or str(output) != PIPE_NAME:
        return
    if len(inputs) > 1:
        raise UsageError("E202", "stdout takes one film", "-o a folder")
    if is_json:
        raise UsageError("E202", "--json and -o - both want stdout", "--progress json, on stderr")
    if sys.stdout.isatty():
        raise UsageError("E202", "stdout is a terminal", "-o - | another program, or -o FILE")


@contextmanager
def spooled(output: Path | None) -> Iterator[Path]:
    """Yield a file with all of stdin beside `output`: films are read from more than one place."""
    is_file = output is not None and str(output) != PIPE_NAME and output.parent.is_dir()
    beside = output.parent if output is not None and is_file else None
    with tempfile.TemporaryDirectory(prefix=".livecartoon-", dir=beside) as folder:
        path = Path(folder) / "stdin"
        try:
            with path.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        except OSError as error:
            raise OutputError(
                "E403", f"stdin cannot be kept in {folder} ({error.strerror})", "free some space"
            ) from error
        if not path.stat().st_size:
            raise InputError("E307", "stdin is empty", "cat film.mkv | livecartoon convert - ...")
        yield path


class _Pipe:
    """Only `write`: a pipe cannot seek, whatever its Python object says."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write
        self.flush = file.flush


def open_stdout() -> IO[bytes]:
    """Return stdout for bytes."""
    return cast("IO[bytes]", _Pipe(sys.stdout.buffer))
