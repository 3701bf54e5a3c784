"""The words on the live picture; the window draws them on the shown copy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from livecartoon.jobs.live.settings import HudLevel

SLOW_RATE = 0.8
"""Below that share of the camera's rate the picture is called slow."""
DROP_SHARE = 0.1
SILENT_S = 2.0
BAR = 10
"""Letters of a bar that fills a frame time."""
ADVICE = "livecartoon optimize, --temporal blend or a smaller --size"


@dataclass(frozen=True, slots=True)
class HudState:
    """Everything the text may mention, measured over the last two seconds."""

    style: str
    strength: float
    shown_fps: float
    latency_ms: float
    recorded_s: float | None = None
    camera: str = ""
    size: tuple[int, int] = (0, 0)
    camera_fps: float = 0.0
    processed_fps: float = 0.0
    captured: int = 0
    dropped: int = 0
    skipped: int = 0
    stages: tuple[tuple[str, float], ...] = ()
    """What each part of the work took for a picture, milliseconds."""
    frame_ms: float = 0.0
    """How long a picture lasts at the rate that is wanted."""
    engine: str = ""
    infer_size: tuple[int, int] | None = None
    level: str = ""
    """Of the governor, "" before there is one."""
    is_governed: bool = True
    is_too_slow: bool = False
    keep_color: float = 0.0
    temporal: str = "off"
    sinks: tuple[str, ...] = ()
    is_frozen: bool = False
    is_original: bool = False
    loss: str = ""
    """Why there is no camera picture at the moment."""
    warnings: tuple[str, ...] = ()
    ink: float = 1.0
    vivid: float = 1.0
    vram: str = ""
    latencies_ms: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """p50, p95 and p99 from capture to show, of the last seconds."""


def hud_lines(state: HudState, level: HudLevel, note: str = "") -> tuple[str, ...]:
    """Return the lines to draw, ASCII only: OpenCV's fonts have no more on every version.

    `note` is a passing message, shown at every level.
    """
    lines: list[str] = []
    if level != "off":
        lines.append(_short_line(state))
    if level == "full":
        lines += _full_lines(state)
    if note and not any(line.endswith(note) for line in lines):  # a warning says it already
        lines.append(note)
    return tuple(to_ascii(line) for line in lines)


def temporal_text(mode: str, report: Any) -> str:  # noqa: ANN401  the engine's own type
    """Return the anti-flicker chosen and, where it decides by itself, what it does."""
    if report is None or report.method == report.mode:
        return mode
    return f"{report.mode} ({report.method})"


def figures_line(state: HudState) -> str:
    """Return what the HUD knows as one line for the terminal."""
    return " | ".join((_short_line(state), *_full_lines(state)))


def silence_text(silence_s: float) -> str:
    """Say that the camera sends nothing although nobody has called it lost; "" while it does."""
    return f"no picture from the camera for {silence_s:.0f} s" if silence_s > SILENT_S else ""


def to_ascii(text: str) -> str:
    """Replace what the fonts cannot draw."""
    return text.encode("ascii", "replace").decode("ascii")


def condition(state: HudState) -> str:
    """Name the state of the run in a word, never by colour alone."""
    if state.captured and state.dropped / state.captured > DROP_SHARE:
        return "DROP"
    if state.camera_fps and state.processed_fps < SLOW_RATE * state.camera_fps:
        return "SLOW"
    return "OK"


def stage_bars(state: HudState) -> str:
    """Draw what each stage takes of a frame time, "" before a picture has been drawn."""
    if not state.stages or state.frame_ms <= 0:
        return ""
    words = []
    for name, spent_ms in state.stages:
        filled = min(BAR, round(BAR * spent_ms / state.frame_ms))
        words.append(f"{name} [{'#' * filled}{'.' * (BAR - filled)}] {spent_ms:.0f} ms")
    return " | ".join((*words, f"of {state.frame_ms:.0f} ms"))


def _short_line(state: HudState) -> str:
    words = [
        f"{'original' if state.is_original else state.style} {state.strength:.2f}",
        f"{state.shown_fps:.1f} fps",
        f"{state.latency_ms:.0f} ms",
    ]
    if state.is_frozen:
        words.append("FROZEN")
    if state.is_too_slow:
        words.append("TOO SLOW")
    if state.recorded_s is not None:
        minutes, seconds = divmod(int(state.recorded_s), 60)
        words.append(f"REC {minutes:02d}:{seconds:02d} no sound")
    return " | ".join(words)


def _full_lines(state: HudState) -> list[str]:
    p50, p95, p99 = state.latencies_ms
    share = 100 * state.dropped / max(1, state.captured)
    reused = 100 * state.skipped / max(1, state.captured)
    network = f" | network {state.infer_size[0]}x{state.infer_size[1]}" if state.infer_size else ""
    governor = "governor on" if state.is_governed else "governor off"
    level = f" | level {state.level}, {governor}" if state.level else ""
    return [
        f"camera {state.camera} {state.size[0]}x{state.size[1]} {state.camera_fps:.1f} fps",
        f"processed {state.processed_fps:.1f} fps | dropped {share:.0f} % | "
        f"duplicated {reused:.0f} % | {condition(state)}",
        f"latency p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f} ms",
        *([bars] if (bars := stage_bars(state)) else []),
        f"{state.engine or 'engine not ready'}{network}{level}",
        *([state.vram] if state.vram else []),
        f"anti-flicker {state.temporal} | keep colours {state.keep_color:.1f} | "
        f"lines {state.ink:.1f} | colours {state.vivid:.1f}",
        f"sinks {', '.join(state.sinks) or 'none'}",
        *(["TOO SLOW: try " + ADVICE] if state.is_too_slow else []),
        *(f"warning: {text}" for text in state.warnings[-1:]),
    ]
