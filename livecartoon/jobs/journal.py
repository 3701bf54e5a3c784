"""What of a conversion is safe on the disk: a later run goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from livecartoon.errors import OutputError, UsageError
from livecartoon.jobs.stretches import without_orphans
from livecartoon.sinks.laps import Segment
from livecartoon.sinks.segments import file_hash

JOB = "job.json"
JOURNAL = "journal.jsonl"
ENGINE = "engine"
SAMPLE = 1 << 20


class Journal:
    """The closed pieces in a folder, one fsynced line each; safe to add to from threads."""

    def __init__(self, folder: Path) -> None:
        self.segments: dict[tuple[int, int], Segment] = {}
        """By their keys."""
        self.repeated: dict[tuple[int, int], int] = {}
        """Frames shown again in place of undecodable ones, by piece."""
        self.engine: dict[str, Any] | None = None
        """What drew the pieces."""
        self._folder = folder
        self._lock = threading.Lock()

    def open(self, identity: dict[str, Any]) -> None:
        """Take over what an earlier run of the same job left; UsageError if it was another."""
        job = self._folder / JOB
        identity = json.loads(json.dumps(identity, default=str))  # as it will be read again
        try:
            old = json.loads(job.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            old = None
        if isinstance(old, dict):
            self._read()
            engine = old.pop(ENGINE, None)
            different = difference(old, identity)
            if different is not None and self.is_worth_keeping:
                raise self._other_run(different)
            if different is None:
                self._remove_strangers()
                self.engine = engine if isinstance(engine, dict) else None
                return
        self.clear()
        _write_synced(job, json.dumps(identity, indent=1))

    def note_engine(self, engine: dict[str, Any]) -> None:
        """Note what draws from here on; UsageError if something else drew the pieces there are.

        Two engines never agree in every pixel: the film would change where they meet.
        """
        engine = json.loads(json.dumps(engine))
        if self.engine is not None and self.is_worth_keeping:
            different = difference(self.engine, engine)
            if different is not None:
                raise self._other_run(different)
        self.engine = engine
        job = self._folder / JOB
        with suppress(OSError, ValueError):  # without resume there is none
            known = json.loads(job.read_text(encoding="utf-8"))
            if known.get(ENGINE) != engine:
                _write_synced(job, json.dumps(known | {ENGINE: engine}, indent=1))

    def _other_run(self, different: str) -> UsageError:
        return UsageError(
            "E202",
            f"{self._folder.name} holds {len(self.segments)} pieces of a run with"
            f" another {different}",
            "the same options go on with it; --no-resume starts over",
        )

    def clear(self) -> None:
        """Forget and delete everything."""
        self.engine = None
        self.segments.clear()
        self.repeated.clear()
        for path in [*self._folder.glob("seg-*"), self._folder / JOURNAL, self._folder / JOB]:
            path.unlink(missing_ok=True)

    @property
    def is_worth_keeping(self) -> bool:
        """Whether there is anything that a later run could save time with."""
        return any(segment.pts for segment in self.segments.values())

    @property
    def frames(self) -> int:
        """Frames in all closed pieces."""
        with self._lock:
            return sum(len(segment.pts) for segment in self.segments.values())

    @property
    def bytes(self) -> int:
        """Size of all closed pieces."""
        with self._lock:
            files = [self._folder / s.file for s in self.segments.values() if s.file]
        return sum(path.stat().st_size for path in files)

    def add(self, segment: Segment, repeated: int = 0) -> None:
        """Note a piece whose file is closed and synced."""
        line = _line(segment, repeated)
        with self._lock:
            try:
                with (self._folder / JOURNAL).open("a", encoding="utf-8") as journal:
                    journal.write(line)
                    journal.flush()
                    os.fsync(journal.fileno())
            except OSError as error:
                raise OutputError(
                    "E403",
                    f"the journal in {self._folder} cannot be written ({error.strerror})",
                    "free space and run the same command again",
                ) from error
            self.segments[segment.key] = segment
            self.repeated[segment.key] = repeated

    def _read(self) -> None:
        """Read the lines whose pieces are there, whole and unchanged."""
        try:
            lines = (self._folder / JOURNAL).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        for line in lines:
            with suppress(ValueError, KeyError, TypeError, OSError):  # a power cut tears lines
                fields = json.loads(line)
                repeated = int(fields.pop("repeated"))
                segment = _segment(fields)
                if not segment.file or file_hash(self._folder / segment.file) == segment.sha256:
                    self.segments[segment.key] = segment
                    self.repeated[segment.key] = repeated
        self.segments = without_orphans(self.segments.values())

    def _remove_strangers(self) -> None:
        """Delete what no valid line names, and write the journal without torn lines."""
        known = {segment.file for segment in self.segments.values()}
        for path in self._folder.glob("seg-*"):
            if path.name not in known:
                path.unlink(missing_ok=True)
        lines = [_line(segment, self.repeated[key]) for key, segment in self.segments.items()]
        _write_synced(self._folder / JOURNAL, "".join(lines))


def _line(segment: Segment, repeated: int) -> str:
    fields = asdict(segment) | {"repeated": repeated}
    return json.dumps(fields, default=str) + "\n"  # rationals as text: 4003/12800


def _segment(fields: dict[str, Any]) -> Segment:
    name = str(fields["file"])
    if Path(name).name != name:
        raise ValueError(name)
    return Segment(
        index=int(fields["index"]),
        last=int(fields["last"]),
        file=name,
        sha256=str(fields["sha256"]),
        pts=tuple(int(value) for value in fields["pts"]),
        durations=tuple(int(value) for value in fields["durations"]),
        depth=int(fields["depth"]),
        moved=int(fields["moved"]),
        span=int(fields["span"]),
        part=int(fields["part"]),
        cut_s=None if fields["cut_s"] is None else Fraction(fields["cut_s"]),
    )


def difference(old: dict[str, Any], new: dict[str, Any]) -> str | None:
    """Return the first thing that differs, in words, None if nothing does."""
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if isinstance(was, dict) and isinstance(now, dict):
            inner = difference(was, now)
            if inner is not None:
                return inner
        elif was != now:
            return f"--{name.replace('_', '-')} ({was}, now {now})"
    return None


def input_identity(path: Path) -> dict[str, Any]:
    """Return what tells whether a file is still the same: size, time, both ends."""
    stat = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(SAMPLE))
        file.seek(max(0, stat.st_size - SAMPLE))
        digest.update(file.read(SAMPLE))
    return {
        "input_size": stat.st_size,
        "input_time": stat.st_mtime_ns,
        "input_sha256": digest.hexdigest(),
    }


def _write_synced(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise OutputError(
            "E402", f"{path} cannot be written ({error.strerror})", "check the folder"
        ) from error
