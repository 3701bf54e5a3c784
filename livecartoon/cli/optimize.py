"""`livecartoon optimize`: compile ahead of use, prove it, keep it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livecartoon.cli.flags import FILE, command, flag
from livecartoon.cli.options import engine_options, pick_style, style_flags
from livecartoon.cli.session import Session, current
from livecartoon.cli.status import size_text
from livecartoon.cli.values import SIZE, Named
from livecartoon.errors import LivecartoonError, UsageError
from livecartoon.escape import printable
from livecartoon.size import SizeRule

if TYPE_CHECKING:
    from livecartoon.config import EngineOptions
    from livecartoon.jobs.optimize import EngineResult, OptimizeSettings, Phase
    from livecartoon.styles import Style

WIDE = (1920, 1080)
EXPORTS = ("onnx", "openvino", "rtx")


@flag("-o", "--output", type=FILE, help="With --export: the file to write.")
@flag("--export", "export", type=Named(EXPORTS), help="Write a file for other programs instead.")
@flag("--background", is_flag=True, help="Build in another process and return at once.")
@flag("--check-only", is_flag=True, help="Build nothing: fail if an engine is not ready.")
@flag("--force", is_flag=True, help="Build even what is ready.")
@flag("--all", "all_styles", is_flag=True, help="Every installed style.")
@flag("--size", "sizes", type=SIZE, multiple=True, default=("720p",), help="Repeatable.")
@style_flags
@command("optimize")
def optimize(
    sizes: tuple[SizeRule, ...],
    all_styles: bool,
    force: bool,
    check_only: bool,
    background: bool,
    export: str | None,
    output: Path | None,
    **values: Any,
) -> None:
    """Compile a style for this machine; runs then start at once, and on a CPU run faster.

    \b
    Examples:
      livecartoon optimize --size 360p
      livecartoon optimize -s classic --size 320x180 --precision fp32

    A running `cam` takes the new engine over by itself.
    """
    from livecartoon.jobs.optimize import OptimizeSettings, every_style

    session = current()
    resolved = tuple(size.resolve(*WIDE) for size in sizes)
    if background:
        _start(session, output, export)
        return
    typed = values["style"]
    options = engine_options(session, values)
    styles = every_style() if all_styles else [pick_style(session, typed)]
    if export is not None:
        _export(session, export, output, styles[0], options, resolved)
        return
    if output is not None:
        raise UsageError("E202", "-o needs --export", "--export onnx")
    settings = OptimizeSettings(resolved, is_forced=force, is_check_only=check_only)
    _build(session, styles, options, settings)


def _start(session: Session, output: Path | None, export: str | None) -> None:
    from livecartoon.jobs.background import start

    if export is not None or output is not None:
        raise UsageError("E202", "--export is done at once", "drop --background")
    arguments = [word for word in sys.argv[1:] if word != "--background"]
    pid, log = start(arguments)
    session.say(f"building in the background, pid {pid}, log {printable(str(log))}")
    session.say("livecartoon cache shows how far it is")
    session.finish(engines=[], background={"pid": pid, "log": str(log)})


def _build(
    session: Session, styles: list[Style], options: EngineOptions, settings: OptimizeSettings
) -> None:
    from livecartoon.jobs.background import Reporter
    from livecartoon.jobs.optimize import optimize as build

    reporter = Reporter()
    teller = Teller(session)

    def on_phase(phase: Phase) -> None:
        reporter.tell(phase.title, phase.name, phase.elapsed_s, phase.expected_s)
        teller(phase)

    try:
        results = build(styles, options, settings, on_phase)
    except LivecartoonError as error:
        reporter.finish(str(error))
        raise
    reporter.finish("done")
    for result in results:
        _show(session, result)
    session.finish(engines=[result.to_json() for result in results], engine=_engine(results[0]))


class Teller:
    """One line a phase, with what it took and what is expected."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._title = ""
        self._said_s = 0.0

    def __call__(self, phase: Phase) -> None:
        """Tell of a phase; those that wait at most every five seconds."""
        if phase.title != self._title:
            self._title = phase.title
            expected = (
                f"took {phase.expected_s:.0f} s last time"
                if phase.expected_s
                else "time unknown, often under a minute on a CPU, 1-5 min with TensorRT"
            )
            self._session.say(
                f"{phase.number + 1}/{phase.total} {printable(phase.title)}: {expected}"
            )
        now_s = time.monotonic()
        if phase.name.startswith("waiting") and now_s - self._said_s < 5:
            return
        self._said_s = now_s
        self._session.say(f"  {phase.elapsed_s:6.1f} s  {phase.name}")


def _show(session: Session, result: EngineResult) -> None:
    """Print the table of one engine: what it is, its self-test, what was dropped."""
    size = "x".join(str(side) for side in result.sizes[0])
    network = "x".join(str(side) for side in result.infer_size)
    made = "ready" if result.cached else f"built in {result.build_seconds:.1f} s"
    gain = f"  {result.speedup:.2f}x fp32" if result.speedup else ""
    speed = f"  {result.frame_ms:.1f} ms of CPU a frame{gain}" if result.frame_ms else ""
    session.result(
        f"{printable(result.style)} {result.tier} {size}, network at {network}: "
        f"{result.backend} {result.precision_used} on {result.device}, {made}, "
        f"{size_text(result.bytes)}{speed}"
    )
    for reason in result.dropped:
        session.result(f"  not used: {printable(reason)}")
    for frame in result.selftest:
        session.result(
            f"  {frame['frame']:<9} {frame['psnr']:5.1f} dB  max {frame['max_abs']:3d}  "
            f"mean {frame['mean_abs']:.3f}  {frame['fault'] or 'ok'}"
        )


def _engine(result: EngineResult) -> dict[str, Any]:
    from livecartoon.jobs.optimize import worst_of

    return {
        "device": result.device,
        "name": result.device,
        "backend": result.backend,
        "precision": result.precision_used,
        "fallback_reason": "; ".join(result.dropped) or None,
        "engine_key": result.key,
        "selftest": worst_of(result),
    }


def _export(
    session: Session,
    kind: str,
    output: Path | None,
    style: Style,
    options: EngineOptions,
    sizes: tuple[tuple[int, int], ...],
) -> None:
    from livecartoon.jobs.export import export_style

    if len(sizes) != 1:
        raise UsageError("E202", "--export writes one size", "--size 720p")
    made = export_style(kind, style, options, sizes[0], output)
    for path in made.files:
        session.result(f"saved {printable(str(path))}  {size_text(path.stat().st_size)}")
    session.finish(engines=[], exported=made.to_json())
