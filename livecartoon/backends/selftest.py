"""Proves that an engine draws what the reference draws, on frames drawn here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels

Draw = Callable[[Pixels], Pixels]
Painter = Callable[[int, int], Pixels]


@dataclass(frozen=True, slots=True)
class Limits:
    """What every frame of the self-test must keep."""

    psnr_least: float = 38.0
    """Decibels."""
    mean_most: float = 1.0
    """Mean difference in 8-bit levels."""


COARSE_LIMITS = Limits(mean_most=2.0)
"""Of eight significant bits, INT8 and bfloat16. A flat picture that is one level off as a whole is
not seen (nano draws plain white 1.3 levels darker in INT8), nor are 1.5 levels in a full-swing
checkerboard; photos come out at 48 dB."""
PSNR_SAME = 99.0
"""Written for equal pictures, whose ratio would be infinite: JSON has no infinity."""
FLAT_RANGE = 2
"""Levels between darkest and brightest below which a picture shows nothing."""
THUMB_H, THUMB_W = 9, 16
THUMB_MOST = 2.0
"""Mean difference in levels of two thumbnails of the same engine's answers."""
LOAD_FRAMES = ("scene", "noise")
"""Drawn again each time the engine is loaded: the two that a broken engine hardly survives."""


@dataclass(frozen=True, slots=True)
class FrameResult:
    """One frame of the self-test."""

    frame: str
    psnr: float
    max_abs: int
    mean_abs: float
    fault: str | None
    """None = passed."""


def selftest_frames(
    width: int, height: int, names: Sequence[str] = ()
) -> Iterator[tuple[str, Pixels]]:
    """Yield fixed frames by name, uint8 RGB (H, W, 3): `names`, or all eight if empty."""
    for name in names or FRAMES:
        yield name, FRAMES[name](width, height)


def _flat(level: int) -> Painter:
    return lambda width, height: np.full((height, width, 3), level, np.uint8)


def _noise(width: int, height: int) -> Pixels:
    return np.random.default_rng(8).integers(0, 256, (height, width, 3), dtype=np.uint8)


def checker(width: int, height: int, cell: int = 8) -> Pixels:
    """Draw black and white squares of `cell` pixels."""
    y, x = np.mgrid[:height, :width]
    squares = ((x // cell + y // cell) % 2 * 255).astype(np.uint8)
    return np.repeat(squares[..., None], 3, 2)


def _painted(paint: Callable[[NDArray[np.float32], NDArray[np.float32]], Pixels]) -> Painter:
    """Paint in coordinates 0..1, at most at 640 x 360; larger frames show larger pixels."""

    def draw(width: int, height: int) -> Pixels:
        times = max(1, min(width // 640, height // 360))
        rows, columns = -(-height // times), -(-width // times)
        y, x = np.mgrid[:rows, :columns].astype(np.float32)
        picture = paint(x / max(1, columns - 1), y / max(1, rows - 1))
        large = picture.repeat(times, 0).repeat(times, 1)
        return np.ascontiguousarray(large[:height, :width])

    return draw


def _gradient(u: NDArray[np.float32], v: NDArray[np.float32]) -> Pixels:
    gradient: Pixels = (np.stack([u, v, 1 - (u + v) / 2], -1) * 255).astype(np.uint8)
    return gradient


def _face(u: NDArray[np.float32], v: NDArray[np.float32]) -> Pixels:
    """Draw a head with hair, eyes and a mouth before a plain wall."""
    picture: NDArray[Any] = np.empty((*u.shape, 3))
    picture[:] = (96, 128, 150)
    shade = 1.1 - 0.4 * u[..., None]
    for (cx, cy, rx, ry), colour in (
        ((0.5, 0.44, 0.24, 0.42), (60, 40, 30)),
        ((0.5, 0.52, 0.19, 0.36), (224, 172, 140)),
        ((0.43, 0.46, 0.03, 0.035), (250, 250, 250)),
        ((0.57, 0.46, 0.03, 0.035), (250, 250, 250)),
        ((0.43, 0.46, 0.013, 0.024), (40, 60, 30)),
        ((0.57, 0.46, 0.013, 0.024), (40, 60, 30)),
        ((0.5, 0.72, 0.07, 0.025), (170, 60, 70)),
    ):
        inside = ((u - cx) / rx) ** 2 + ((v - cy) / ry) ** 2 < 1
        picture = np.where(inside[..., None], np.array(colour) * shade, picture)
    face: Pixels = np.clip(picture, 0, 255).astype(np.uint8)
    return face


def _scene(u: NDArray[np.float32], v: NDArray[np.float32]) -> Pixels:
    """Draw sky, hills, textured ground and a lit window, with sensor noise."""
    sky = np.stack([90 + 120 * v, 140 + 80 * v, 235 - 30 * v], -1)
    hills = v > 0.45 + 0.08 * np.sin(9 * u) + 0.03 * np.sin(31 * u + 1)
    ground = np.stack([60 + 40 * v, 90 + 60 * u, 40 + 30 * v], -1)
    textured = ground * (1 + 0.15 * np.sin(240 * u) * np.sin(200 * v))[..., None]
    picture: Any = np.where(hills[..., None], textured, sky)
    house = (np.abs(u - 0.3) < 0.12) & (np.abs(v - 0.62) < 0.2)
    window = (np.abs(u - 0.3) < 0.04) & (np.abs(v - 0.6) < 0.07)
    picture = np.where(house[..., None], np.array([150, 60, 50]), picture)
    picture = np.where(window[..., None], np.array([255, 240, 170]), picture)
    noise = np.random.default_rng(9).normal(0, 3, picture.shape)
    scene: Pixels = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return scene


FRAMES: dict[str, Painter] = {
    "black": _flat(0),
    "white": _flat(255),
    "grey": _flat(128),
    "gradient": _painted(_gradient),
    "noise": _noise,
    "checker": checker,
    "face": _painted(_face),
    "scene": _painted(_scene),
}


def compare(
    name: str, source: Pixels, drawn: Pixels, wanted: Pixels, limits: Limits | None = None
) -> FrameResult:
    """Judge one answer of an engine beside the reference's."""
    difference = np.abs(drawn.astype(np.int16) - wanted)
    mean_abs, max_abs = float(difference.mean()), int(difference.max())
    error = float(np.square(difference.astype(np.float64)).mean())
    psnr = PSNR_SAME if error == 0 else min(PSNR_SAME, 10 * math.log10(255**2 / error))
    fault, limits = None, limits or Limits()
    if is_flat(drawn) and not is_flat(source) and not is_flat(wanted):
        fault = "a picture of one colour"
    elif psnr < limits.psnr_least:
        fault = f"PSNR {psnr:.1f} dB is below {limits.psnr_least:.0f}"
    elif mean_abs > limits.mean_most:
        fault = f"mean difference {mean_abs:.2f} levels is above {limits.mean_most:g}"
    return FrameResult(name, round(psnr, 1), max_abs, round(mean_abs, 3), fault)


def is_flat(picture: Pixels) -> bool:
    """Whether a picture shows one colour only."""
    return bool((np.ptp(picture.reshape(-1, 3), axis=0) < FLAT_RANGE).all())


def run_selftest(
    engine: Draw,
    reference: Draw,
    width: int,
    height: int,
    names: Sequence[str] = (),
    limits: Limits | None = None,
) -> list[FrameResult]:
    """Compare engine and reference on the frames `names`, all of them if empty."""
    results = []
    for name, frame in selftest_frames(width, height, names):
        wanted = reference(frame).copy()
        results.append(compare(name, frame, engine(frame), wanted, limits))
    return results


def first_fault(results: Sequence[FrameResult]) -> str | None:
    """The first failure in words, None if all frames passed."""
    return next((f"{r.frame}: {r.fault}" for r in results if r.fault), None)


def fingerprints(engine: Draw, width: int, height: int) -> dict[str, list[int]]:
    """Thumbnails of what the engine draws, for `recheck`; plain numbers, stored with it."""
    frames = selftest_frames(width, height, LOAD_FRAMES)
    return {name: thumbnail(engine(frame)).ravel().tolist() for name, frame in frames}


def recheck(engine: Draw, width: int, height: int, stored: Mapping[str, Any]) -> str | None:
    """Draw the frames again after loading; what differs from the day of the build, or None.

    Thumbnails need no reference, hence no torch: an engine that loads on another driver or
    library and draws black is found in two frames' time.
    """
    for name, frame in selftest_frames(width, height, LOAD_FRAMES):
        wanted = np.asarray(stored.get(name, ()), np.float32)
        if wanted.size != THUMB_H * THUMB_W * 3:
            return f"its record holds no thumbnail of {name}"
        now = thumbnail(engine(frame)).ravel().astype(np.float32)
        distance = float(np.abs(now - wanted).mean())
        if distance > THUMB_MOST:
            return f"it draws {name} {distance:.1f} levels away from its self-test"
    return None


def thumbnail(picture: Pixels) -> Pixels:
    """Mean colours of up to 9 x 16 cells."""
    height, width, _ = picture.shape
    rows = np.arange(THUMB_H) * height // THUMB_H
    columns = np.arange(THUMB_W) * width // THUMB_W
    sums = np.add.reduceat(picture.astype(np.float32), rows, axis=0)
    sums = np.add.reduceat(sums, columns, axis=1)
    counts = np.outer(
        np.maximum(1, np.diff([*rows, height])), np.maximum(1, np.diff([*columns, width]))
    )
    means: Pixels = np.round(sums / counts[..., None]).astype(np.uint8)
    return means


def selftest_summary(record: dict[str, Any]) -> dict[str, float] | None:
    """The worst of an engine's self-test, from its record."""
    results: Sequence[dict[str, Any]] = record.get("selftest") or ()
    if not results:
        return None
    return {
        "psnr_min": min(float(r["psnr"]) for r in results),
        "max_abs": max(float(r["max_abs"]) for r in results),
    }
