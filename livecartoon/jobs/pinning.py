"""One film, one engine: what drew its first piece draws the others, in later runs as well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from livecartoon.config import EngineOptions
from livecartoon.stylizer import EngineReport


def drawn_by(stylize: object, style: str) -> dict[str, Any]:
    """Return what decides about the pixels that a stylizer draws; nothing if it does not say."""
    report = getattr(stylize, "report", None)
    if not isinstance(report, EngineReport):
        return {}
    return {
        "style": f"{style}, weights {report.weights[:12]}",
        "device": report.device,
        "backend": report.backend,
        "precision": report.precision,
        "tier": report.tier,
        "infer_size": "x".join(str(side) for side in report.infer_size),
        "tiles": report.tiles,
    }


def pinned(options: EngineOptions, engine: dict[str, Any] | None) -> EngineOptions:
    """Return `options` in which "auto" means the engine that drew the first pieces.

    A better engine may have been built meanwhile, or be finished while workers start.
    """
    if not engine:
        return options
    fixed = {name: str(engine[name]) for name in ("device", "backend", "precision")}
    open_ones = {name for name in fixed if getattr(options, name) == "auto"}
    if options.mem_limit is not None:  # measured once: several workers would see each other
        found = str(engine["infer_size"]), int(engine["tiles"])
        options = replace(options, mem_limit=None, infer_size=found[0], tiles=found[1])
    return replace(options, **{name: fixed[name] for name in open_ones})  # type: ignore[arg-type]  # each is what was opened before
