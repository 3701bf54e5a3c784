"""Text on the live picture: lines at the top left, a panel in the middle."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from livecartoon.frame import Pixels

FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_PX = 22.0
"""Height of a capital letter of that font at scale 1."""
SMALLEST_TEXT_PX = 14
SMALLEST_PANEL_PX = 9
"""Rather small than cut off, in a window the size of a stamp."""
OUTLINE_PX = 2


def text_px(height: int) -> int:
    """Height of capital letters on a picture of `height` rows."""
    return max(SMALLEST_TEXT_PX, height // 45)


def draw_hud(canvas: Pixels, lines: tuple[str, ...]) -> None:
    """Write `lines` at the top left, white with a black outline; long ones go on in the next."""
    height, width = canvas.shape[:2]
    px = text_px(height)
    rows = _wrapped(lines, width - 2 * px, px)
    while px * (1.7 * len(rows) + 0.5) > height and px > SMALLEST_PANEL_PX:
        px -= 1
        rows = _wrapped(lines, width - 2 * px, px)
    for number, row in enumerate(rows):
        _put_text(canvas, row, px, int(px * (1.7 + number * 1.7)), px)


@lru_cache(maxsize=16)
def _wrapped(lines: tuple[str, ...], width: int, px: int) -> list[str]:
    """Break between words what is wider than `width`; what follows is indented."""
    rows = []
    for line in lines:
        first, *others = line.split(" ")
        row = first
        for word in others:
            if _text_width(f"{row} {word}", px) <= width:
                row = f"{row} {word}"
            else:
                rows.append(row)
                row = f"   {word}"
        rows.append(row)
    return rows


def draw_panel(canvas: Pixels, lines: tuple[str, ...]) -> None:
    """Write `lines` on a darkened box in the middle; tabs line up, long lists are halved."""
    if not lines:
        return
    height, width = canvas.shape[:2]
    px = text_px(height)
    half = len(lines) if _panel_h(len(lines), px) <= height else -(-len(lines) // 2)
    while _panel_h(half, px) > height and px > SMALLEST_PANEL_PX:
        px -= 1
    blocks = _blocks(lines, half, px)
    while sum(block.width for block in blocks) + 2 * px > width and px > SMALLEST_PANEL_PX:
        px -= 1
        blocks = _blocks(lines, half, px)
    box_w, box_h = sum(block.width for block in blocks) + 2 * px, _panel_h(half, px)
    top, left = max(0, (height - box_h) // 2), max(0, (canvas.shape[1] - box_w) // 2)
    box = canvas[top : top + box_h, left : left + box_w]
    np.right_shift(box, 2, out=box)
    for block in blocks:
        block.draw(canvas, left + 2 * px, top)
        left += block.width


def _blocks(lines: tuple[str, ...], half: int, px: int) -> list[_Block]:
    return [_Block(part, px) for part in (lines[:half], lines[half:]) if part]


def _panel_h(rows: int, px: int) -> int:
    return int(px * (1.8 * rows + 2))


class _Block:
    """Lines of text below each other, what follows a tab in a second column."""

    def __init__(self, lines: tuple[str, ...], px: int) -> None:
        self._rows = [line.split("\t") for line in lines]
        self._px = px
        keys = [_text_width(row[0], px) for row in self._rows if len(row) > 1]
        self._first_w = max(keys, default=-2 * px) + 2 * px
        widths = [
            _text_width(row[0], px) if len(row) == 1 else self._first_w + _text_width(row[1], px)
            for row in self._rows
        ]
        self.width = max(widths) + 2 * px

    def draw(self, canvas: Pixels, left: int, top: int) -> None:
        """Write the block with its first line just below row `top`."""
        for index, row in enumerate(self._rows):
            baseline = top + int(self._px * (2.3 + 1.8 * index))
            for text, x in zip(row, (0, self._first_w), strict=False):
                _put_text(canvas, text, left + x, baseline, self._px)


def _text_width(text: str, px: int) -> int:
    return int(cv2.getTextSize(text, FONT, px / FONT_PX, 1)[0][0])


def _put_text(canvas: Pixels, text: str, x: int, baseline: int, px: int) -> None:
    """Write white text with a black outline; what does not fit is cut off."""
    letters, outline, ascent = _text_masks(text, px)
    top, left = baseline - ascent, x - OUTLINE_PX
    part = canvas[max(0, top) : top + letters.shape[0], left : left + letters.shape[1]]
    if not part.size:
        return
    ink = letters[max(0, -top) :][: part.shape[0], : part.shape[1]]
    edge = outline[max(0, -top) :][: part.shape[0], : part.shape[1]]
    # part * (1 - edge) + ink, all in 8 bits
    cv2.multiply(part, cv2.merge([255 - edge] * 3), dst=part, scale=1 / 255)
    cv2.add(part, cv2.merge([ink] * 3), dst=part)


@lru_cache(maxsize=128)
def _text_masks(text: str, px: int) -> tuple[Pixels, Pixels, int]:
    """Coverage of the letters and of their outline, 0..255, and the rows above the baseline.

    The outline is the letters widened: a thicker stroke would not do, because OpenCV 5 draws
    a bolder and therefore wider font for it.
    """
    (width, height), below = cv2.getTextSize(text, FONT, px / FONT_PX, 1)
    ascent = height + OUTLINE_PX + 2
    letters = np.zeros((ascent + below + OUTLINE_PX + 2, width + 2 * OUTLINE_PX + 2), np.uint8)
    start = (OUTLINE_PX, ascent)
    cv2.putText(letters, text, start, FONT, px / FONT_PX, (255,), max(1, px // 12), cv2.LINE_AA)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * OUTLINE_PX + 1,) * 2)
    return letters, np.asarray(cv2.dilate(letters, kernel), dtype=np.uint8), ascent
