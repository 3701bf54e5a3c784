"""The product's own engines for a live run: made, looked for, built beside it."""

from __future__ import annotations

import logging
import subprocess
from dataclasses import dataclass, replace

from livecartoon.config import EngineOptions
from livecartoon.errors import LivecartoonError
from livecartoon.jobs.background import spawn
from livecartoon.jobs.live.helm import Builder
from livecartoon.jobs.live.levels import FindLadder, real_ladders
from livecartoon.jobs.live.styling import IsReady, MakeStylizer, StyleKey, StylizerLike

log = logging.getLogger(__name__)
NICENESS = 5
"""A build stands back behind the picture, but not for ever: both must go on."""
END_S = 0.5


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where the engines of a live run come from."""

    make: MakeStylizer
    is_ready: IsReady | None = None
    """None: every engine can be made at once."""
    find: FindLadder | None = None
    """None: there are no levels, everything stays as it is."""
    builder: Builder | None = None
    """None: what is not ready is not to be had."""


def real_workshop(engine: EngineOptions, target_fps: float) -> Workshop:
    """Return the product's own, for so many pictures a second."""
    return Workshop(
        real_stylizers(engine, target_fps),
        real_readiness(engine),
        real_ladders(engine),
        ChildBuilder(engine),
    )


def options_for(engine: EngineOptions, key: StyleKey) -> EngineOptions:
    """Return the flags of the engine that `key` asks for."""
    options = replace(engine, style=key.style, look=key.look)
    if key.rung is None:
        return options
    return replace(options, tier=key.rung.tier, infer_size=key.rung.infer_size)


def real_stylizers(engine: EngineOptions, target_fps: float) -> MakeStylizer:
    """Return a maker of the product's own stylizers."""

    def make(key: StyleKey, width: int, height: int) -> StylizerLike:
        from livecartoon.styles import find_style
        from livecartoon.stylizer import Stylizer

        options = options_for(engine, key)
        stylizer: StylizerLike = Stylizer(
            find_style(key.style), width, height, options, is_live=True, frame_s=1 / target_fps
        )
        return stylizer

    return make


def real_readiness(engine: EngineOptions) -> IsReady:
    """Return what tells whether a stylizer can be made without a build."""

    def is_ready(key: StyleKey, width: int, height: int) -> bool:
        from livecartoon.styles import find_style
        from livecartoon.wanted import is_prepared

        return is_prepared(find_style(key.style), width, height, options_for(engine, key))

    return is_ready


class ChildBuilder:
    """Builds one engine at a time in a process of its own; main thread only."""

    def __init__(self, engine: EngineOptions) -> None:
        self._engine = engine
        self._child: subprocess.Popen[bytes] | None = None
        self._words: list[str] = []
        self._failed: list[list[str]] = []

    @property
    def is_busy(self) -> bool:
        """Whether a build is under way."""
        return self._child is not None and self._child.poll() is None

    def start(self, key: StyleKey, width: int, height: int) -> bool:
        """Begin to build, unless something is being built; False if `key` cannot be built.

        What is wanted again although its build went well cannot be built either.
        """
        if self._child is not None:
            if self._child.poll() is None:
                return True
            self._failed.append(self._words)
            self._child = None
        if not self._is_on_cpu(key):
            return False
        try:
            words = arguments_for(self._engine, key, width, height)
            if words in self._failed:
                return False
            self._child, path = spawn(words, NICENESS)
        except LivecartoonError as error:
            log.warning("%s", error)
            return False
        self._words = words
        log.info("log of the build: %s", path)
        return True

    def _is_on_cpu(self, key: StyleKey) -> bool:
        """A card has the picture to draw and takes minutes to build: there nothing is begun."""
        from livecartoon.wanted import choose_engine

        return choose_engine(options_for(self._engine, key))[0] == "cpu"

    def close(self) -> None:
        """Stop a build under way: what is half done is never taken for an engine."""
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def arguments_for(engine: EngineOptions, key: StyleKey, width: int, height: int) -> list[str]:
    """Return the command line of `livecartoon` that builds the engine of `key`.

    INT8 is left to those who ask for it: finding out whether it pays takes a minute of both
    cores.
    """
    from livecartoon.styles import find_style
    from livecartoon.wanted import missing_engine

    options = options_for(engine, key)
    look = options.look
    missing = missing_engine(find_style(key.style), width, height, options)
    precision = missing.spec.precision if missing else options.precision
    flags = {
        "style": options.style,
        "size": f"{width}x{height}",
        "tier": options.tier,
        "infer-size": options.infer_size,
        "device": "cpu",
        "backend": options.backend,
        "precision": precision,
        "strength": look.strength,
        "keep-color": look.keep_color,
        "ink": look.ink,
        "vivid": look.vivid,
    }
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    return ["optimize", "--no-config", "--progress", "none", *words]
