"""The live job: camera -> newest frame -> worker -> newest picture -> window, plus sinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from livecartoon.config import EngineOptions
from livecartoon.jobs.live.ending import Signals
from livecartoon.jobs.live.engines import Workshop, real_workshop
from livecartoon.jobs.live.levels import FindLadder
from livecartoon.jobs.live.loop import LiveRun
from livecartoon.jobs.live.settings import LiveReport, LiveSettings, LiveStatus
from livecartoon.jobs.live.styling import MakeStylizer
from livecartoon.jobs.live.terminal import TerminalKeys
from livecartoon.opencv import callers_threads_only
from livecartoon.sinks.presenter import HeadlessPresenter, Presenter


def run_live(
    settings: LiveSettings,
    engine: EngineOptions,
    on_status: Callable[[LiveStatus], None] | None = None,
    *,
    on_line: Callable[[str], None] | None = None,
    presenter: Presenter | None = None,
    make_stylizer: MakeStylizer | None = None,
    styles: Sequence[str] | None = None,
    find_ladder: FindLadder | None = None,
) -> LiveReport:
    """Show the camera in a style until the user, a signal or a limit ends it.

    `on_line` gets the lines the user asks for by key. `make_stylizer` replaces the product's own
    engines, `find_ladder` their levels.

    Main thread only, because windows are. Raises LivecartoonError; a report is returned for
    every other end.
    """
    with ExitStack() as stack:
        signals = stack.enter_context(Signals())
        stack.enter_context(callers_threads_only())
        screen = presenter or open_presenter(settings)
        stack.callback(screen.close)
        workshop = real_workshop(engine, float(settings.target_fps or settings.rate))
        if make_stylizer is not None:
            workshop = Workshop(make_stylizer, find=find_ladder)
        names = installed_styles() if styles is None else styles
        terminal = stack.enter_context(TerminalKeys())
        run = LiveRun(settings, engine, screen, terminal, workshop, names)
        return run.run(signals, on_status or (lambda _: None), on_line or (lambda _: None))


def open_presenter(settings: LiveSettings) -> Presenter:
    """Return the window, or a presenter without one; raises DeviceError (E807)."""
    if not settings.show:
        return HeadlessPresenter()
    from livecartoon.sinks.window import WindowSink

    return WindowSink("livecartoon", settings.width, settings.height)


def installed_styles() -> list[str]:
    """Names of the styles in the order of the number keys."""
    from livecartoon.styles import list_styles

    return [style.name for style in list_styles()]
