"""The colours of a pixel-art picture: found in frames or read from a user's file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livecartoon.errors import InputError
from livecartoon.snap.lab import Floats, lab_to_rgb, rgb_to_lab

Colours = NDArray[np.uint8]
MOST_SAMPLES = 20_000
ROUNDS = 15
ONE_COLOUR = 1e-3
"""A box whose colours differ less, all together, is not split: rounding errors are no colours."""
BIN_BITS = 5
"""Of each channel: a lookup table of 32 x 32 x 32."""
MOST_COLOURS = 256
_HEX = re.compile(r"#?([0-9a-fA-F]{6})$")


def find_palette(samples: Colours, count: int) -> Colours:
    """At most `count` RGB colours (k, 3) that stand for `samples` (n, 3), the same every time."""
    step = -(-len(samples) // MOST_SAMPLES)
    lab = rgb_to_lab(samples[::step])
    centres = _k_means(lab, _median_cut(lab, count))
    low, high = np.percentile(lab[:, 0], (1, 99))
    # k-means alone eats outlines and highlights.
    darkest, brightest = int(centres[:, 0].argmin()), int(centres[:, 0].argmax())
    centres[darkest, 0] = (centres[darkest, 0] + low) / 2
    centres[brightest, 0] = (centres[brightest, 0] + high) / 2
    return one_per_bin(lab_to_rgb(centres))


def one_per_bin(colours: Colours) -> Colours:
    """Drop colours that share a bin of the lookup table with an earlier one."""
    _, first = np.unique(bin_of(colours), return_index=True)
    return np.ascontiguousarray(colours[np.sort(first)])


def bin_of(rgb: Colours) -> NDArray[np.uint16]:
    """Bin 0..32767 of uint8 RGB (..., 3)."""
    shift = 8 - BIN_BITS
    red, green, blue = ((rgb[..., channel] >> shift).astype(np.uint16) for channel in range(3))
    return np.asarray((red << 2 * BIN_BITS) | (green << BIN_BITS) | blue, dtype=np.uint16)


def lookup_table(palette: Colours) -> NDArray[np.uint8]:
    """Index of the nearest palette colour in Lab for each of the 32768 bins.

    Every palette colour has its own bin (`one_per_bin`), so a snapped picture stays as it is.
    """
    side = 1 << BIN_BITS
    levels = ((np.arange(side) + 0.5) * (256 / side)).astype(np.uint8)
    red, green, blue = np.meshgrid(levels, levels, levels, indexing="ij")
    bins = rgb_to_lab(np.stack([red, green, blue], -1).reshape(-1, 3))
    table = _nearest(bins, rgb_to_lab(palette)).astype(np.uint8)
    table[bin_of(palette)] = np.arange(len(palette), dtype=np.uint8)
    return table


def read_palette(path: Path) -> Colours:
    """Read `RRGGBB` lines (HEX) or a GIMP palette (GPL); InputError where it is neither."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise InputError(
            "E301", f"palette {path} cannot be read ({error.strerror})", "check the path"
        ) from error
    is_gimp = bool(lines) and lines[0].strip() == "GIMP Palette"
    found = [_gimp(line) if is_gimp else _hex(line) for line in lines]
    colours = [colour for colour in found if colour is not None]
    if not 2 <= len(colours) <= MOST_COLOURS:
        raise InputError(
            "E302",
            f"palette {path} has {len(colours)} colours, 2 to {MOST_COLOURS} are allowed",
            "lines of RRGGBB, or a GIMP palette",
        )
    return one_per_bin(np.array(colours, np.uint8))


def _hex(line: str) -> tuple[int, ...] | None:
    match = _HEX.match(line.strip())
    return tuple(bytes.fromhex(match[1])) if match else None


def _gimp(line: str) -> tuple[int, ...] | None:
    words = line.split()[:3]
    if len(words) < 3 or not all(word.isascii() and word.isdigit() for word in words):
        return None
    levels = tuple(int(word[:4]) for word in words)
    return levels if max(levels) < 256 else None


def _median_cut(lab: Floats, count: int) -> Floats:
    """Centres (k, 3), k <= count: boxes split at the median of their widest axis."""
    boxes = [lab]
    while len(boxes) < count:
        spreads = [float(box.var(0).max()) * len(box) for box in boxes]
        widest = int(np.argmax(spreads))
        if spreads[widest] < ONE_COLOUR:
            break
        box = boxes.pop(widest)
        axis = int(box.var(0).argmax())
        middle = float(np.median(box[:, axis]))
        is_low = box[:, axis] < middle
        if not is_low.any():  # more than half are equal to the least
            is_low = box[:, axis] <= middle
        boxes += [box[is_low], box[~is_low]]
    return np.stack([box.mean(0) for box in boxes]).astype(np.float32)


def _k_means(lab: Floats, centres: Floats) -> Floats:
    """Move the centres to the middle of their samples; ends when none changes sides."""
    before = None
    for _ in range(ROUNDS):
        nearest = _nearest(lab, centres)
        if before is not None and bool((nearest == before).all()):
            break
        before = nearest
        sizes = np.bincount(nearest, minlength=len(centres))
        sums = [np.bincount(nearest, lab[:, c], minlength=len(centres)) for c in range(3)]
        means = np.stack(sums, -1) / np.maximum(sizes, 1)[:, None]
        centres = np.where(sizes[:, None] > 0, means, centres).astype(np.float32)
    return centres


def _nearest(points: Floats, centres: Floats) -> NDArray[np.int64]:
    """Index of the nearest centre; of equals the first."""
    # |p - c|^2 without |p|^2, which is the same for all centres.
    distances = (centres**2).sum(1) - 2 * points @ centres.T
    return np.asarray(distances.argmin(1), dtype=np.int64)
