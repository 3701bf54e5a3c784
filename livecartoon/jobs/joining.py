"""The last step of a conversion: closed pieces and the rest of the source become one film."""

from __future__ import annotations

import shutil

from livecartoon.errors import LivecartoonError, OutputError
from livecartoon.jobs.journal import Journal
from livecartoon.jobs.planning import Plan
from livecartoon.jobs.reading import USUAL_RATE
from livecartoon.jobs.verify import Pictures, expected_of, moved, verify
from livecartoon.jobs.workspace import Workspace
from livecartoon.sinks.carrier import Carrier
from livecartoon.sinks.join import Joiner
from livecartoon.sinks.laps import Segment
from livecartoon.sinks.video import tick_of


def join(plan: Plan, workspace: Workspace, pieces: list[Segment]) -> LivecartoonError | None:
    """Write the film to `workspace.part` and read it again; OutputError if it is not sound.

    Return what its container could not keep of a source that is sound itself, mostly nothing.
    """
    if rounded := sum(piece.moved for piece in pieces):
        plan.warn("W306", f"AVI keeps one frame rate: {rounded} time stamps were moved")
    carrier = _written(plan, workspace, pieces)
    if plan.tracks.problem:
        plan.warn("W307", plan.tracks.problem)
    for track in carrier.tracks.values() if carrier else ():
        if track.lost:
            kind = track.source.type
            plan.warn("W307", f"{track.lost} {kind} packets could not be decoded")
        if track.mended:
            kind = track.source.type
            plan.warn("W307", f"{track.mended} {kind} packets went back in time: it was guessed")
    pictures = _pictures(plan, pieces)
    expected = expected_of(pictures, plan.info, plan.padding, plan.pix_fmt, carrier)
    facts = verify(workspace.part, expected)
    found = {name.lower() for name in facts.tags}
    if lost := [name for name in plan.tags() if name.lower() not in found]:
        suffix = plan.target.suffix
        plan.warn("W309", f"{suffix} has no room for the tags {', '.join(lost)}")
    return moved(workspace.part, facts, pictures)


def _pictures(plan: Plan, pieces: list[Segment]) -> Pictures:
    """Return what the pieces hold."""
    shown = [piece for piece in pieces if piece.pts]
    is_avi = plan.target.suffix.lower() == ".avi"
    tick = tick_of(plan.info, "avi" if is_avi else "")
    return Pictures(
        count=sum(len(piece.pts) for piece in shown),
        first_s=shown[0].pts[0] * tick - plan.reading.shift_s,
        last_s=shown[-1].pts[-1] * tick - plan.reading.shift_s,
        # Readers of AVI guess decoding delays and begin at zero.
        frame_s=1 / (plan.info.rate or USUAL_RATE) if not is_avi else shown[-1].pts[-1] * tick,
        span=shown[0].span,
        codec=plan.codec,
    )


def _written(plan: Plan, workspace: Workspace, pieces: list[Segment]) -> Carrier | None:
    tick = tick_of(plan.info, "avi" if plan.target.suffix.lower() == ".avi" else "")
    joiner = Joiner(workspace.part, workspace.folder, pieces, tick, plan.reading.shift_s)
    try:
        return joiner.write(plan.beside())
    except OutputError as error:
        if error.code != "E403":
            raise
        free = shutil.disk_usage(workspace.folder).free
        raise disk_full(plan, workspace.journal, workspace.journal.bytes, free) from error


def disk_full(plan: Plan, journal: Journal, needed: int, free: int) -> OutputError:
    """Return the error that says how far a run came; `needed` and `free` in bytes."""
    frames, done = plan.reading.info.frames, journal.frames
    share = f"{min(99, 100 * done // frames)} % is saved" if frames else f"{done} frames saved"
    return OutputError(
        "E403",
        f"disk full on {plan.target.parent}: {max(1, needed >> 20)} MiB needed,"
        f" {free >> 20} MiB free; {share}",
        "free space and run the same command again",
    )
