"""`livecartoon doctor`: what this machine can do, and what to do about the rest."""

from __future__ import annotations

from livecartoon.cli.flags import command, flag
from livecartoon.cli.session import Session, current
from livecartoon.errors import EngineError
from livecartoon.escape import printable

COLORS = {"ok": "green", "warn": "yellow", "FAIL": "red"}


@flag("--brief", is_flag=True, help="Only what needs attention, and one line of summary.")
@command("doctor")
def doctor(brief: bool) -> None:
    """Check this machine and say what to do about each problem.

    \b
    Examples:
      livecartoon doctor
      livecartoon doctor --brief
    """
    from livecartoon.jobs.doctor import examine

    session = current()
    checks = examine()
    for check in checks:
        if brief and check.status == "ok":
            continue
        label = session.paint_out(f"{check.status:<4}", COLORS[check.status])
        session.result(f"{label}  {check.id:<12}  {check.text}")
        if check.remedy:
            session.result(f"{'':20}try: {check.remedy}")
    if session.verbosity > 0:
        _show_settings(session)
    failed = [check for check in checks if check.status == "FAIL"]
    counts = {status: sum(c.status == status for c in checks) for status in COLORS}
    words = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    session.result(f"{len(checks)} checks: {words}")
    items = [
        {"id": c.id, "status": c.status.lower(), "text": c.text, "remedy": c.remedy} for c in checks
    ]
    session.finish(EngineError.exit_code if failed else 0, checks=items)
    if failed:
        ids = ", ".join(check.id for check in failed)
        raise EngineError("E508", f"doctor found a failure: {ids}", failed[0].remedy)


def _show_settings(session: Session) -> None:
    """Print every value a command would start with, and where it comes from."""
    from livecartoon.cli.configfile import effective_values

    for command_name, key, value, origin in effective_values(session):
        session.result(f"{command_name}.{key:<20} {printable(str(value)):<16} {origin}")
