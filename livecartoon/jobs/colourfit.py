"""A colour table that brings a style's usual colours nearer to those of a few pictures.

In CIE Lab, in three steps, each a smooth curve held back towards changing nothing: a monotone
curve of lightness, a tint that depends on lightness, a gain on chroma that depends on hue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels
from livecartoon.models.cube import EVEN, Lattice, identity_lattice
from livecartoon.snap.lab import lab_to_rgb, rgb_to_lab

Floats = NDArray[np.float64]
QUANTILES = np.linspace(0.02, 0.98, 13)
TONES = np.linspace(8, 96, 7)
"""Lightness at which tints are measured."""
HUES = np.arange(0, 360, 45.0)
"""Degrees at which chroma is measured."""
WHOLE = 0.75
"""Of the way from the style's curve of lightness to the pictures'."""
LEAST_SLOPE, MOST_SLOPE = 0.55, 1.7
MOST_TINT = 9.0
GAINS = 0.7, 1.45
SKIN = 55.0
"""Degrees of hue around which tints are halved and gains damped."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What a set of pictures looks like."""

    lightness: Floats
    """Of `QUANTILES`, 0..100."""
    tint: Floats
    """(len(TONES), 2): mean a and b around each lightness."""
    chroma: Floats
    """Mean chroma around each of `HUES`."""
    weight: Floats
    """How much of that hue there was, 0..1."""


def colours_of(pictures: Sequence[Pixels]) -> Colours:
    """Measure pictures (H, W, 3), each counting the same."""
    samples = [_sample(picture) for picture in pictures]
    lab = rgb_to_lab(np.concatenate(samples)).astype(np.float64)
    light, a, b = lab.T
    near = np.exp(-(((light[:, None] - TONES) / 10) ** 2))
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    turned = (hue[:, None] - HUES + 180) % 360 - 180
    towards = np.exp(-((turned / 30) ** 2)) * np.minimum(chroma[:, None] / 20, 1)
    mass = towards.sum(0)
    return Colours(
        np.quantile(light, QUANTILES),
        (near.T @ lab[:, 1:]) / (near.sum(0)[:, None] + 1e-2 * len(light)),
        (towards.T @ chroma) / np.maximum(mass, 1e-9),
        np.minimum(mass / (0.01 * len(light)), 1),
    )


def fitted(usual: Colours, wanted: Colours) -> Lattice:
    """The table from `usual` colours towards the `wanted` ones."""
    levels = np.rint(255 * identity_lattice(EVEN)).astype(np.uint8)
    lab = rgb_to_lab(levels).astype(np.float64)
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    is_skin = np.exp(-((((hue - SKIN + 180) % 360 - 180) / 35) ** 2)) * _bump(chroma, 12, 45)
    gain = np.exp(_around(hue, np.log(_gains(usual, wanted))) * (1 - 0.5 * is_skin))
    tint = np.clip(0.7 * (wanted.tint - usual.tint), -MOST_TINT, MOST_TINT)
    shift = np.stack([_over(light, TONES, tint[:, axis]) for axis in range(2)], -1)
    # Black, white and what is vivid already take less tint.
    room = np.clip(np.minimum(light / 20, (100 - light) / 12), 0, 1) * np.exp(-chroma / 90)
    graded = np.empty_like(lab)
    graded[..., 0] = _tone(light, usual.lightness, wanted.lightness)
    graded[..., 1:] = lab[..., 1:] * gain[..., None]
    graded[..., 1:] += shift * (room * (1 - 0.5 * is_skin))[..., None]
    moved = _within(graded) - lab_to_rgb(lab.astype(np.float32)).astype(np.float64)
    made = np.clip(identity_lattice(EVEN) + _smooth(moved / 255), 0, 1)
    return made.astype(np.float32)


def _sample(picture: Pixels, count: int = 20_000) -> Pixels:
    """So many pixels (count, 3) of a picture, evenly spread; those of a small one several times."""
    flat = picture.reshape(-1, 3)
    return np.asarray(flat[np.linspace(0, len(flat) - 1, count).astype(int)], np.uint8)


def _tone(light: Floats, usual: Floats, wanted: Floats) -> Floats:
    """Lightness by the monotone curve between two sets of quantiles, black and white held."""
    here = np.concatenate([[0.0], usual, [100.0]])
    there = np.concatenate([[0.0], usual + WHOLE * (wanted - usual), [100.0]])
    grid = np.linspace(0, 100, 101)
    curve = _gentle(grid, np.interp(grid, here, np.maximum.accumulate(there)))
    for _ in range(4):  # soft knees: no step of lightness may turn into a band
        curve[1:-1] = np.convolve(
            np.pad(curve, 6, "reflect", reflect_type="odd"), _box(13), "valid"
        )[1:-1]
    return np.asarray(np.interp(light, grid, curve), np.float64)


def _gentle(grid: Floats, curve: Floats) -> Floats:
    """A curve over `grid` near the one given, its ends on the diagonal, its slopes within limits.

    Slopes clipped one by one would move the end: pictures all bright would turn white grey.
    """
    run = grid[:, None] - grid
    most = np.where(run > 0, MOST_SLOPE, LEAST_SLOPE) * run
    least = np.where(run > 0, LEAST_SLOPE, MOST_SLOPE) * run
    ends = [0, -1]
    lowest = (grid[ends] + least[:, ends]).max(1)
    highest = (grid[ends] + most[:, ends]).min(1)
    curve = np.clip(curve, lowest, highest)
    # Between the highest curve below it and the lowest above it.
    return np.asarray(((curve + most).min(1) + (curve + least).max(1)) / 2)


def _gains(usual: Colours, wanted: Colours) -> Floats:
    """Factor on chroma by hue: where a hue is rare in either, what holds for all."""
    total = wanted.weight.sum() * usual.weight.sum()
    if total < 1e-9:
        return np.ones(len(HUES))
    means = [(c.chroma * c.weight).sum() / c.weight.sum() for c in (usual, wanted)]
    overall = means[1] / max(means[0], 1.0)
    own = wanted.chroma / np.maximum(usual.chroma, 1.0)
    trust = 0.6 * usual.weight * wanted.weight
    mixed = trust * np.log(np.maximum(own, 0.1)) + (1 - trust) * np.log(max(overall, 0.1))
    return np.asarray(np.clip(np.exp(0.8 * mixed), *GAINS), np.float64)


def _around(hue: Floats, values: Floats) -> Floats:
    """Values at `HUES` interpolated smoothly around the circle."""
    turned = (hue[..., None] - HUES + 180) % 360 - 180
    near = np.exp(-((turned / 32) ** 2))
    return np.asarray((near * values).sum(-1) / near.sum(-1))


def _over(light: Floats, places: Floats, values: Floats) -> Floats:
    near = np.exp(-(((light[..., None] - places) / 14) ** 2))
    return np.asarray((near * values).sum(-1) / near.sum(-1))


def _bump(chroma: Floats, low: float, high: float) -> Floats:
    """1 between two chromas, fading to 0 outside."""
    return np.asarray(np.clip(chroma / low, 0, 1) * np.clip((2 * high - chroma) / high, 0, 1))


def _within(lab: Floats) -> Floats:
    """Levels of colours that sRGB may lack: their chroma gives way, not their hue."""
    share, found = np.ones(lab.shape[:-1]), np.zeros(lab.shape)
    for _ in range(12):
        tried = lab.copy()
        tried[..., 1:] *= share[..., None]
        found = lab_to_rgb(tried.astype(np.float32)).astype(np.float64)
        back = rgb_to_lab(found.astype(np.uint8))
        is_out = np.abs(back - tried).max(-1) > 4
        if not is_out.any():
            break
        share = np.where(is_out, share * 0.92, share)
    return found


def _smooth(moved: Floats) -> Floats:
    """A three-node binomial blur along each axis: rounding and gamut edges leave no steps."""
    for axis in range(3):
        ends = np.pad(moved, [(1, 1) if a == axis else (0, 0) for a in range(4)], "edge")
        parts = [np.take(ends, np.arange(EVEN) + k, axis) for k in range(3)]
        moved = (parts[0] + 2 * parts[1] + parts[2]) / 4
    return moved


def _box(width: int) -> Floats:
    return np.full(width, 1 / width)
