"""The figures a student must reach before it is shipped (target-design, section 4)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livecartoon.models.blocks import BLOCK, from_blocks, to_blocks
from livecartoon.models.ink import Ink
from livecartoon.models.inkstyle import InkStyle
from livecartoon.models.student import Student
from trainer.data.pairs import Floats, Pair, to_floats
from trainer.metrics.edges import line_score
from trainer.metrics.ssim import ssim_of_planes

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
GATE_INK = InkStyle(sigma=0.9, threshold=0.03, ramp=1.4)


def luminance(picture: Floats) -> Floats:
    """BT.601 luminance of (H, W, 3)."""
    return np.asarray(picture @ LUMA, dtype=np.float32)


def slope(picture: Floats) -> Floats:
    """Larger absolute forward difference of the luminance, (H, W)."""
    light = luminance(picture)
    across = np.abs(np.diff(light, axis=1, append=light[:, -1:]))
    down = np.abs(np.diff(light, axis=0, append=light[-1:]))
    return np.maximum(across, down)


def flat_share(picture: Floats, threshold: float) -> float:
    """Share of pixels whose slope is below `threshold`."""
    return float((slope(picture) < threshold).mean())


def sharpness(picture: Floats) -> float:
    """Mean of the steepest 1 % of slopes."""
    steep = np.sort(slope(picture).ravel())
    return float(steep[int(len(steep) * 0.99) :].mean())


def psnr(picture: Floats, target: Floats) -> float:
    """Peak signal to noise ratio in dB, both in 0..1."""
    return float(-10 * np.log10(((picture - target) ** 2).mean() + 1e-9))


def ssim(picture: Floats, target: Floats) -> float:
    """Structural similarity of the luminances, Gaussian window 11, sigma 1.5."""
    a, b = (luminance(values).astype(np.float64) for values in (picture, target))
    return ssim_of_planes(a, b, peak=1.0)


def gain(picture: Floats, target: Floats, photo: Floats) -> float:
    """Share of the way from the photo to the target that the picture covers."""
    return float(1 - np.linalg.norm(picture - target) / np.linalg.norm(photo - target))


@torch.no_grad()
def flat_picture(student: Student, photo: Floats) -> Floats:
    """The student's clamped picture before ink, (H, W, 3) with sides multiples of 8."""
    answer: Tensor = student(torch.from_numpy(np.ascontiguousarray(photo))[None])
    return np.asarray(answer.clamp(0, 1)[0].numpy(), dtype=np.float32)


def judge(student: Student, pairs: list[Pair]) -> dict[str, float]:
    """Means over the held-out pairs of every gate's figure, of a fused student."""
    table = colour_table(pairs)
    rng = np.random.default_rng(0)
    rows = [_judge_one(student, pair, table, rng) for pair in pairs]
    return {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}


def colour_table(pairs: list[Pair], steps: int = 17) -> NDArray[np.float32]:
    """Mean target colour of each photo colour cell, (17, 17, 17, 3): what grading alone can do.

    Fitted on the judged photos themselves, so it flatters the table, never the student.
    """
    total = np.zeros((steps**3, 3))
    count = np.zeros(steps**3)
    for pair in pairs:
        cells = _cells(to_floats(pair.photo[::2, ::2]), steps).ravel()
        target = pair.target[::2, ::2].reshape(-1, 3) / 255
        count += np.bincount(cells, minlength=steps**3)
        for colour in range(3):
            total[:, colour] += np.bincount(cells, target[:, colour], steps**3)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, steps)] * 3, indexing="ij"), -1).reshape(-1, 3)
    table = np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], grid)
    return table.astype(np.float32)


def _cells(photo: Floats, steps: int) -> NDArray[np.int64]:
    levels = np.rint(photo * (steps - 1)).astype(np.int64)
    return np.asarray((levels[..., 0] * steps + levels[..., 1]) * steps + levels[..., 2])


def _judge_one(
    student: Student, pair: Pair, table: NDArray[np.float32], rng: np.random.Generator
) -> dict[str, float]:
    height, width = (side // 8 * 8 for side in pair.line.shape)
    photo = to_floats(pair.photo[:height, :width])
    target = to_floats(pair.target[:height, :width])
    picture = flat_picture(student, photo)
    draws = [
        np.clip(photo + rng.normal(0, 0.02, photo.shape), 0, 1).astype(np.float32) for _ in range(2)
    ]
    answers = [flat_picture(student, draw) for draw in draws]
    shifted = flat_picture(student, np.roll(photo, (1, 2), (0, 1)))
    back = np.roll(shifted, (-1, -2), (0, 1))
    graded = table[_cells(photo, 17)]
    return {
        "gain": gain(picture, target, photo),
        "gain_over_table": gain(picture, target, graded),
        "flat": flat_share(picture, 1.5 / 255) / max(flat_share(target, 1.5 / 255), 1e-3),
        "flat4": flat_share(picture, 4 / 255) / max(flat_share(target, 4 / 255), 1e-3),
        "ssim": ssim(picture, target),
        "psnr": psnr(picture, target),
        "ink_f": line_score(_lines(picture), _lines(target)),
        "sharp": sharpness(picture) / sharpness(target),
        "noise_gain": float(
            np.abs(answers[0] - answers[1]).mean() / np.abs(draws[0] - draws[1]).mean()
        ),
        "shift_error": float(np.abs(back - picture)[16:-16, 16:-16].mean() * 255),
        "photo_flat": flat_share(photo, 1.5 / 255) / max(flat_share(target, 1.5 / 255), 1e-3),
        "photo_psnr": psnr(photo, target),
    }


@torch.no_grad()
def _lines(picture: Floats) -> NDArray[np.bool_]:
    ink = Ink(GATE_INK)
    blocks = to_blocks(torch.from_numpy(np.ascontiguousarray(picture))[None], BLOCK)
    light = torch.nn.functional.conv2d(blocks, ink.luminance)  # type: ignore[arg-type]
    return np.asarray(from_blocks(ink.lines(light), BLOCK)[0, :, :, 0].numpy() > 0.4)
