"""The governor's levels as flags of an engine."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from livecartoon.config import TIERS, EngineOptions
from livecartoon.governor import SHORT_SIDES, TIER_SIDE, Level, ladder_of


@dataclass(frozen=True, slots=True)
class Rung:
    """A level, and the engine that draws at it."""

    level: Level
    tier: str
    infer_size: str
    """As typed, or such as "640x360"."""

    @property
    def name(self) -> str:
        """What the user reads, such as "360p" or "240p nano"."""
        return f"{self.level.short_side}p{f' {self.tier}' if self.level.is_smaller_tier else ''}"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The levels of one style on one camera, the highest first."""

    rungs: tuple[Rung, ...]
    start: int
    """Which of them `auto` stands for; a single rung is what was typed."""


FindLadder = Callable[[str, int, int], Ladder]
"""(style, width, height of the frames) -> its levels; raises LivecartoonError."""


def real_ladders(engine: EngineOptions) -> FindLadder:
    """Return what finds the ladder of an installed style under the flags in `engine`.

    A typed network size is never changed, a typed tier neither.
    """

    def find(name: str, width: int, height: int) -> Ladder:
        from livecartoon.backends.reduction import reduction_for, round_ratio
        from livecartoon.styles import find_style
        from livecartoon.wanted import choose_engine

        device, _, _ = choose_engine(engine)
        on_gpu = device != "cpu"
        short_side = min(width, height)
        reduction = reduction_for(width, height, engine.infer_size, on_gpu=on_gpu)
        start = Level(_side(short_side, reduction))
        if engine.infer_size != "auto":
            return Ladder((Rung(start, engine.tier, engine.infer_size),), 0)
        tier = smaller_tier(find_style(name).files, engine.tier, on_gpu=on_gpu)
        covered = {round_ratio(short_side / side) for side in SHORT_SIDES if side <= short_side}
        sides = {_side(short_side, times) for times in covered | {reduction}}
        usable = [side for side in sides if side >= min(SHORT_SIDES[-1], start.short_side)]
        levels = ladder_of(
            short_side,
            usable,
            has_smaller_tier=tier is not None,
            tier_side=min(TIER_SIDE, start.short_side),
        )

        def rung(level: Level) -> Rung:
            times = round_ratio(short_side / level.short_side)
            chosen = tier if level.is_smaller_tier and tier is not None else engine.tier
            return Rung(level, chosen, f"{_side(width, times)}x{_side(height, times)}")

        return Ladder(tuple(rung(level) for level in levels), levels.index(start))

    return find


def smaller_tier(tiers: Collection[str], typed: str, *, on_gpu: bool) -> str | None:
    """The tier below the one `auto` takes, if the style has both; None if one was typed."""
    if typed != "auto":
        return None
    usual = TIERS.index("large" if on_gpu else "small")
    owned = [tier for tier in TIERS[: usual + 1] if tier in tiers]
    return owned[-2] if len(owned) > 1 else None


def _side(side: int, reduction: int) -> int:
    """One side of the network's input: whole frames are reduced by whole numbers."""
    return max(1, round(side / reduction))
