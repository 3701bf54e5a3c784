"""The closing lines and documents of commands that turn files into files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livecartoon.cli.session import Session
from livecartoon.cli.status import clock_text, size_text
from livecartoon.errors import PartialError, UsageError
from livecartoon.escape import printable

if TYPE_CHECKING:
    from pathlib import Path

    from livecartoon.jobs.report import FileReport

WORDS = {
    "done": "ok",
    "failed": "FAILED",
    "partial": "PARTIAL",
    "planned": "plan",
    "skipped": "skipped",
}


def check_overwrite(values: dict[str, Any]) -> None:
    """Refuse -y together with -n."""
    if values["overwrite"] and values["skip_existing"]:
        raise UsageError("E202", "-y and -n exclude each other", "give one of them")


def make_folder(output: Path | None, count: int) -> None:
    """Make the folder meant by -o: for several inputs, or a name without a suffix.

    The folders of a template are known, and made, when its fields are filled in.
    """
    if output is None or "{" in str(output) or (count == 1 and output.suffix):
        return
    from livecartoon.jobs import naming

    naming.make_folder(output)


def engine_text(report: FileReport) -> str:
    """Say what runs, and why if it is not the best."""
    engine = report.engine or {}
    name = engine.get("name") or "?"
    device = engine.get("device") or name
    where = device if name == device else f"{device} {name}"
    reason = f" ({engine['fallback_reason']})" if engine.get("fallback_reason") else ""
    network = "x".join(str(side) for side in report.infer_size)
    tier = f"{engine['tier']} " if engine.get("tier") else ""
    return (
        f"engine: {tier}at {network}, {engine.get('backend')} {engine.get('precision')} "
        f"on {printable(where)}{reason}"
    )


def engine_name(report: FileReport) -> str:
    """Return what draws, in short."""
    engine = report.engine or {}
    return f"{engine.get('backend')} {engine.get('precision')}" if engine.get("backend") else ""


def file_line(report: FileReport) -> str:
    """Return the line that says what became of one file."""
    word = WORDS[report.status]
    if report.status == "skipped":
        return f"{word} {printable(str(report.output))}"
    pace = f"{report.frames_out} frames  {report.fps_end_to_end:.1f} fps  {report.speed:.1f}x"
    if report.output is None:  # nobody counted the bytes
        return f"{word} stdout  {pace}"
    relation = f" ({report.bytes_out / report.bytes_in:.1f}x source)" if report.bytes_in else ""
    size = f"{size_text(report.bytes_out)}{relation}"
    return f"{word} {printable(str(report.output))}  {pace}  {size}"


def failure_line(report: FileReport) -> str:
    """Return the line of a batch that says what was wrong with one file."""
    return f"{WORDS[report.status]} {printable(str(report.input))}: {printable(str(report.error))}"


def plan_lines(report: FileReport) -> list[str]:
    """Return what would be done with one file, line by line."""
    width, height = report.size
    network = "x".join(str(side) for side in report.infer_size)
    engine = report.engine or {}
    lines = [
        f"plan {report.input} -> {report.output}",
        f"  picture  {width}x{height}, network at {network},"
        f" {report.frames_in or 'unknown number of'} frames, {report.duration:.3f} s",
        f"  engine   {engine.get('tier')}, {engine.get('backend')} {engine.get('precision')}"
        f" on {engine.get('device')}",
    ]
    for kept in report.streams_kept:
        language = f" {kept['language']}" if kept["language"] else ""
        lines.append(f"  keep     {kept['type']}{language}: {kept['action']} {kept['codec']}")
    for dropped in report.streams_dropped:
        language = f" {dropped['language']}" if dropped["language"] else ""
        lines.append(f"  drop     {dropped['type']}{language}: {dropped['reason']}")
    lines.append(f"  size     about {size_text(report.bytes_out)}")
    if report.predicted_seconds is not None:
        lines.append(f"  drawn    after about {clock_text(report.predicted_seconds)}")
    return [printable(line) for line in lines]


def exit_code_of(reports: list[FileReport]) -> int:
    """Return 0, the only file's own code, or 7 for a batch with failures."""
    bad = [report for report in reports if report.error is not None]
    if not bad:
        return 0
    only = bad[0].error
    return only.exit_code if len(reports) == 1 and only else PartialError.exit_code


def close_files(session: Session, reports: list[FileReport]) -> None:
    """Print the JSON document, then raise what went wrong."""
    bad = [report.error for report in reports if report.error is not None]
    error = None
    if bad:
        error = bad[0] if len(reports) == 1 else _batch_error(reports, len(bad))
        if session.json:
            fields = {"code": error.code, "text": error.message, "try": list(error.remedies)}
            session.finish_with(exit_code_of(reports), fields, **_fields(reports))
    else:
        session.finish(**_fields(reports))
    if error is not None:
        raise error


def _batch_error(reports: list[FileReport], count: int) -> PartialError:
    names = [printable(r.input.name) for r in reports if r.error is not None]
    listed = ", ".join(names[:3]) + (" ..." if count > 3 else "")
    return PartialError(
        "E701", f"{count} of {len(reports)} files failed: {listed}", "see the lines above"
    )


def _fields(reports: list[FileReport]) -> dict[str, Any]:
    statuses = [report.status for report in reports]
    totals = {
        word: statuses.count(word) for word in ("done", "failed", "partial", "skipped", "planned")
    }
    totals["frames"] = sum(report.frames_out for report in reports)
    return {
        "files": [report.to_json() for report in reports],
        "totals": totals,
        "engine": next((r.engine for r in reports if r.engine), None),
    }
