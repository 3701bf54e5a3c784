"""`livecartoon cache`: the compiled engines on disk."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import click

from livecartoon.cli.flags import command, flag
from livecartoon.cli.session import Session, current
from livecartoon.cli.status import size_text
from livecartoon.cli.values import BYTES, Named, Value, parse_time
from livecartoon.errors import EngineError, UsageError
from livecartoon.escape import printable

DAY_S = 86400


def parse_age(text: str) -> Fraction:
    """Read `30d` or a TIME such as `12h`, as seconds."""
    days = text.strip().removesuffix("d")
    if days != text.strip() and days.isdigit():
        return Fraction(int(days) * DAY_S)
    return parse_time(text)


@flag("-y", "is_sure", is_flag=True, help="Really clear.")
@flag("--max", "max_bytes", type=BYTES, help="prune: keep at most that much, such as 2G.")
@flag("--older-than", type=Value("age", parse_age), help="prune: unused for so long, such as 30d.")
@command("cache")
@click.argument("action", type=Named(["list", "path", "clear", "prune", "verify"]), default="list")
def cache(action: str, older_than: Fraction | None, max_bytes: int | None, is_sure: bool) -> None:
    """List (default), check or throw away the compiled engines; outputs are never touched.

    The list ends with conversions that were stopped and can go on.

    \b
    Examples:
      livecartoon cache
      livecartoon cache prune --older-than 30d --max 2G
    """
    from livecartoon.jobs import cache as job

    session = current()
    if action == "path":
        session.result(job.folder())
        session.finish(items=[], folder=job.folder())
    elif action == "list":
        stopped = job.list_stopped()
        _list(session, job.list_engines(), job.list_running(), stopped, job.folder())
    elif action == "verify":
        _verify(session, job.verify(), job.folder())
    elif action == "clear":
        if not is_sure:
            raise UsageError("E202", "clear deletes every engine", "livecartoon cache clear -y")
        _gone(session, job.clear(), job.folder())
    else:
        if older_than is None and max_bytes is None:
            raise UsageError("E202", "prune needs a limit", "--older-than 30d", "--max 2G")
        age_s = None if older_than is None else float(older_than)
        _gone(session, job.prune(max_bytes, age_s), job.folder())


def _list(
    session: Session,
    items: list[dict[str, Any]],
    builds: list[dict[str, Any]],
    stopped: list[dict[str, Any]],
    folder: str,
) -> None:
    for item in items:
        session.result(engine_line(item))
    for build in builds:
        session.result(build_line(build))
    total = sum(item["bytes"] for item in items)
    session.result(f"{len(items)} engines, {size_text(total)}, in {printable(folder)}")
    for film in stopped:
        session.result(film_line(film))
    session.finish(items=items, builds=builds, unfinished=stopped, folder=folder)


def engine_line(item: dict[str, Any]) -> str:
    """Describe one engine in a line."""
    size = "x".join(str(side) for side in item["size"] or ["?"])
    worst = item["selftest"]
    proof = f"{worst['psnr_min']:.0f} dB" if worst else "untested"
    mark = "  in use" if item["in_use"] else ""
    return (
        f"{item['key'][:12]}  {printable(str(item['weights'] or 'filter')):<30}  {size:>9}  "
        f"{item['backend'] or '?'} {item['precision'] or '?':<5}  {size_text(item['bytes']):>9}  "
        f"{proof:>8}  {_age(item['used'])}{mark}"
    )


def build_line(build: dict[str, Any]) -> str:
    """Describe one background build in a line."""
    expected = build["expected_s"]
    of = f" of about {expected:.0f} s" if expected else " s"
    if build["outcome"] == "running":
        return (
            f"building  {printable(build['title'])}  {build['phase']}  "
            f"{build['elapsed_s']:.0f}{of}  pid {build['pid']}"
        )
    return f"built     {printable(build['title'])}  {printable(build['outcome'])}"


def film_line(film: dict[str, Any]) -> str:
    """Describe one conversion that was stopped."""
    return (
        f"unfinished  {printable(film['output'])}  {film['frames']} frames, "
        f"{size_text(film['bytes'])}  {_age(film['changed'])}; the same command goes on with it, "
        f"or delete {printable(film['folder'])}"
    )


def _age(then_s: float) -> str:
    days = (time.time() - then_s) / DAY_S
    return "today" if days < 1 else f"{days:.0f} days ago"


def _verify(session: Session, items: list[dict[str, Any]], folder: str) -> None:
    words = {
        "sound": "ok   ",
        "stale": session.paint_out("stale", "yellow"),
        "damaged": session.paint_out("FAIL ", "red"),
    }
    bad = [item for item in items if item["state"] == "damaged"]
    for item in items:
        session.result(f"{words[item['state']]}  {engine_line(item)}")
        if item["fault"]:
            session.result(f"       {printable(item['fault'])}")
    session.finish(EngineError.exit_code if bad else 0, items=items, folder=folder)
    if bad:
        raise EngineError(
            "E508",
            f"{len(bad)} of {len(items)} engines are damaged; they are built again when needed",
            "livecartoon cache clear -y",
        )


def _gone(session: Session, items: list[dict[str, Any]], folder: str) -> None:
    for item in items:
        session.result(f"removed  {engine_line(item)}")
    freed = size_text(sum(item["bytes"] for item in items))
    session.result(f"{len(items)} engines removed, {freed} freed")
    session.finish(items=items, folder=folder)
