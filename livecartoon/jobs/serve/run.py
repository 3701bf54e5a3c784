"""The live job with a page instead of a window."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from livecartoon.config import EngineOptions
from livecartoon.jobs.live.run import installed_styles, run_live
from livecartoon.jobs.live.settings import LiveReport, LiveSettings, LiveStatus
from livecartoon.jobs.live.styling import MakeStylizer
from livecartoon.jobs.serve.server import PageServer
from livecartoon.jobs.serve.settings import ServeSettings
from livecartoon.sinks.web import WebPresenter
from livecartoon.sources.browser import BrowserSource

BROWSER = "browser:"


def run_serve(
    serve: ServeSettings,
    settings: LiveSettings,
    engine: EngineOptions,
    on_address: Callable[[str], None],
    on_status: Callable[[LiveStatus], None] | None = None,
    *,
    make_stylizer: MakeStylizer | None = None,
    styles: Sequence[str] | None = None,
) -> LiveReport:
    """Serve the page until a signal or a limit ends it; `on_address` hears where it is.

    Main thread only. Raises LivecartoonError.
    """
    names = list(installed_styles() if styles is None else styles)
    source = None
    if settings.camera == BROWSER:
        source = BrowserSource(settings.width, settings.height, settings.rate)
        settings = dataclasses.replace(settings, source=source)
    presenter = WebPresenter()
    facts: dict[str, Any] = {"styles": names, "is_warming": True, "style": engine.style}

    def note(status: LiveStatus) -> None:
        facts.update(dataclasses.asdict(status))
        if on_status is not None:
            on_status(status)

    with PageServer(serve, presenter, lambda: facts, source.push if source else None) as server:
        on_address(server.address)
        return run_live(
            settings, engine, note, presenter=presenter, make_stylizer=make_stylizer, styles=names
        )
