"""The folder of a run: its configuration, its journal, and one process that may write it."""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch

from livecartoon.errors import OutputError, UsageError
from trainer.config import Training
from trainer.state import write_bytes


class RunFolder:
    """Holds `config.toml`, `env.json`, `log.jsonl`, `ckpt/` and `samples/` of one run.

    OutputError E406 while another process trains in it, UsageError E202 when it belongs to
    another recipe or to other options: the message names the first that differs.
    """

    def __init__(self, run: Path, config: Training, is_writer: bool = True) -> None:
        self.run, self.config, self.is_writer = run, config, is_writer
        self._lock = run / "lock"

    def __enter__(self) -> Self:
        if not self.is_writer:
            return self
        try:
            self.run.mkdir(parents=True, exist_ok=True)
            self._take_lock()
        except OSError as error:
            raise OutputError("E402", f"cannot write in {self.run} ({error.strerror})") from error
        with ExitStack() as on_failure:  # `__exit__` is not called if this raises
            on_failure.callback(self._lock.unlink, missing_ok=True)
            self._check_config()
            self.config.write(self.run / "config.toml")
            on_failure.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            if not self.is_writer:
                return
            self._lock.unlink(missing_ok=True)

    def journal(self, **figures: object) -> None:
        """Append one line to `log.jsonl`."""
        if not self.is_writer:
            return
        with (self.run / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")

    def record(self, facts: dict[str, Any]) -> None:
        """Write `env.json`: what the run was made with."""
        if not self.is_writer:
            return
        record = {
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
            "python": platform.python_version(),
            "platform": platform.platform(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "threads": torch.get_num_threads(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            **facts,
        }
        write_bytes(self.run / "env.json", (json.dumps(record, indent=1) + "\n").encode())

    def _take_lock(self) -> None:
        owner = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        for _ in range(2):
            try:
                with self._lock.open("x", encoding="utf-8") as file:
                    file.write(owner)
            except FileExistsError:
                if not _is_stale(self._lock):
                    break
                self._lock.unlink(missing_ok=True)
            else:
                return
        raise OutputError(
            "E406",
            f"another process trains in {self.run}",
            f"wait for it, or remove {self._lock} if there is none",
        )

    def _check_config(self) -> None:
        stored = self.run / "config.toml"
        if not stored.exists():
            return
        old, new = _values(stored), asdict(self.config)
        for key in sorted(old.keys() | new.keys(), key=lambda key: (key != "model", key)):
            if key not in self.config.elastic and old.get(key) != new.get(key):
                raise UsageError(
                    "E202",
                    f"{self.run} was begun with {key} = {old.get(key)!r}, not {new.get(key)!r}",
                    "the options it was begun with, or another folder for -o",
                )


def _values(path: Path) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(path.read_text(encoding="utf-8"))


def _is_stale(lock: Path) -> bool:
    """Whether the process that took a lock on this machine is gone."""
    try:
        owner = json.loads(lock.read_text(encoding="utf-8"))
        if owner["host"] != socket.gethostname():
            return False
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return int(owner["pid"]) == os.getpid()
