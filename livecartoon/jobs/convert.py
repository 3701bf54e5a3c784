"""Converting media files, one or many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from livecartoon.config import EngineOptions
from livecartoon.errors import LivecartoonError, UsageError
from livecartoon.jobs.conversion import Conversion
from livecartoon.jobs.hooks import Hooks, MakeStylize, Progress, make_stylizer
from livecartoon.jobs.lapstyle import Stylize
from livecartoon.jobs.naming import check_paths, is_template, make_folders, output_for
from livecartoon.jobs.planning import Warn
from livecartoon.jobs.report import FileReport
from livecartoon.jobs.settings import ConvertSettings
from livecartoon.jobs.snapping import plan_for_file
from livecartoon.sources.base import VideoInfo

T = TypeVar("T")
#: What names the container of a film that goes to a pipe.
PIPE = Path("stdout.mkv")
__all__ = ["ConvertSettings", "Progress", "convert_file", "convert_many", "make_stylizer"]


def convert_file(
    source: Path,
    output: Path | None,
    options: EngineOptions,
    settings: ConvertSettings | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    *,
    on_warning: Warn | None = None,
    on_start: Callable[[FileReport], None] | None = None,
    make_stylize: MakeStylize = make_stylizer,
    make_own: MakeStylize | None = None,
    stdout: IO[bytes] | None = None,
) -> FileReport:
    """Convert one file; the report is `partial` with its error where not all went well.

    `on_start` gets the plan just before the first frame, `on_warning` codes and sentences.
    Raises LivecartoonError where there is no result at all, KeyboardInterrupt on Ctrl-C; the
    closed pieces then stay in `<output>.livecartoon` for the next run, nothing else. With
    `stdout` the film goes there as Matroska while it is made. `make_own` makes an engine for
    each of several workers where `make_stylize` lends a shared one.
    """
    settings = settings or ConvertSettings()
    target = output_for(source, output, options.style)
    hooks = Hooks(make_stylize, make_own or make_stylize, on_progress, on_start, on_warning)
    if stdout is not None:
        report = FileReport(source, target)
        Conversion(report, PIPE, options, settings, hooks).convert(stdout)
        return report
    if not settings.dry_run:
        make_folders(output, [target])
    return _convert_to(target, source, options, settings, hooks, is_template(output))


def _convert_to(
    target: Path,
    source: Path,
    options: EngineOptions,
    settings: ConvertSettings,
    hooks: Hooks,
    is_folder_ours: bool,
) -> FileReport:
    """Convert one file; `is_folder_ours`: a real run makes the folder of `target` if need be."""
    report = FileReport(source, target)
    if settings.skip_existing and target.exists():
        report.status = "skipped"
        return report
    needs_folder = not (settings.dry_run and is_folder_ours)
    check_paths(source, target, overwrite=settings.overwrite, needs_folder=needs_folder)
    if not settings.dry_run:
        options = plan_for_file(source, options, settings, hooks.make_stylize)
    Conversion(report, target, options, settings, hooks).convert()
    return report


def convert_many(
    sources: Iterable[Path],
    output: Path | None,
    options: EngineOptions,
    settings: ConvertSettings | None = None,
    *,
    fail_fast: bool = False,
    on_progress: Callable[[int, Progress], None] | None = None,
    on_warning: Warn | None = None,
    on_start: Callable[[int, FileReport], None] | None = None,
    on_done: Callable[[int, FileReport], None] | None = None,
    make_stylize: MakeStylize = make_stylizer,
) -> list[FileReport]:
    """Convert one file after the other; one that fails does not stop the rest.

    The hooks get the number of the file, from 0, first. The engine is kept between files of
    one size. UsageError, before any work, if two results would share a name or a result is
    also an input.
    """
    batch = Batch(sources, output, options, settings or ConvertSettings())
    reports: list[FileReport] = []
    with Engines(make_stylize) as engines:
        for number, (path, target) in enumerate(zip(batch.inputs, batch.targets, strict=True)):
            hooks = Hooks(
                engines.borrow,
                make_stylize,
                _numbered(on_progress, number),
                _numbered(on_start, number),
                on_warning,
            )
            report = or_failed(path, target, partial(batch.convert, number, hooks))
            reports.append(report)
            if on_done is not None:
                on_done(number, report)
            if fail_fast and report.error is not None:
                break
    return reports


class Batch:
    """Several films and their results; UsageError where names collide, before any work."""

    def __init__(
        self,
        sources: Iterable[Path],
        output: Path | None,
        options: EngineOptions,
        settings: ConvertSettings,
    ) -> None:
        self.inputs = list(sources)
        self.options = options
        self.settings = settings
        self.targets = [
            output_for(path, output, options.style, number=n)
            for n, path in enumerate(self.inputs, 1)
        ]
        check_batch(self.inputs, self.targets)
        if not settings.dry_run:
            make_folders(output, self.targets)
        self._is_folder_ours = is_template(output) or len(self.inputs) > 1

    def convert(self, number: int, hooks: Hooks) -> FileReport:
        """Convert one of them."""
        return _convert_to(
            self.targets[number],
            self.inputs[number],
            self.options,
            self.settings,
            hooks,
            self._is_folder_ours,
        )


def or_failed(path: Path, target: Path, attempt: Callable[[], FileReport]) -> FileReport:
    """Return what `attempt` reports, or a report of its failure."""
    try:
        return attempt()
    except LivecartoonError as error:
        return FileReport(path, target, error=error)


def _numbered(hook: Callable[[int, T], None] | None, number: int) -> Callable[[T], None] | None:
    return None if hook is None else lambda told: hook(number, told)


def check_batch(inputs: list[Path], targets: list[Path]) -> None:
    """Raise if two results share a name or a result is also an input."""
    if len(set(targets)) != len(targets):
        twice = next(t for t in targets if targets.count(t) > 1)
        raise UsageError(
            "E202", f"several inputs would all become {twice}", "-o a folder, or {stem} in the name"
        )
    taken = {path.resolve() for path in inputs}
    for target in targets:
        if target.resolve() in taken:
            raise UsageError("E205", f"{target} is both input and output", "give another -o")


class Engines(AbstractContextManager["Engines"]):
    """Keeps the last engine for the next file of the same size and options."""

    def __init__(self, make: MakeStylize) -> None:
        self._make = make
        self._made_for: tuple[int, int, EngineOptions] | None = None
        self._stack = ExitStack()
        self._stylize: Stylize | None = None

    def borrow(self, info: VideoInfo, options: EngineOptions) -> AbstractContextManager[Stylize]:
        """Return an engine that stays open when the borrower is done with it."""
        wanted = (info.width, info.height, options)
        if self._stylize is None or self._made_for != wanted:
            self._stylize = None
            self._stack.close()
            self._stylize = self._stack.enter_context(self._make(info, options))
            self._made_for = wanted
        elif hasattr(self._stylize, "reset"):
            self._stylize.reset()  # no file sees the past of another
        return nullcontext(self._stylize)

    def __exit__(self, *details: object) -> None:
        self._stack.close()
