"""The clip of the demo: two shots, a hard cut, uneven frame times, noise and a tone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.beside import Beside
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.sinks.file import FileSink
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.pattern import Painter
from livecartoon.sources.tone import ToneTracks

WIDTH, HEIGHT = 640, 360
TIME_BASE = Fraction(1, 24000)
#: Ticks between frames, over and over: 24 a second on average, as a phone films.
STEPS = (1000, 1000, 800, 1200)
RATE = Fraction(24)
NOISE_SIGMA = 3.0
#: Name in skimage.data, then the view at the start and at the end: centre x, y and width,
#: each as a share of the picture's width.
SHOTS = (
    ("astronaut", (0.50, 0.33, 0.99), (0.44, 0.27, 0.72)),
    ("chelsea", (0.56, 0.33, 0.99), (0.46, 0.31, 0.80)),
)

View = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shot:
    """One still picture and the camera's way over it."""

    picture: NDArray[np.float32]
    start: View
    end: View

    def at(self, share: float) -> NDArray[np.float32]:
        """Return the (HEIGHT, WIDTH, 3) view after that share of the shot."""
        ease = share * share * (3 - 2 * share)
        x, y, width = (a + (b - a) * ease for a, b in zip(self.start, self.end, strict=True))
        scale = self.picture.shape[1]
        step = width * scale / WIDTH
        columns = x * scale + (np.arange(WIDTH) - (WIDTH - 1) / 2) * step
        rows = y * scale + (np.arange(HEIGHT) - (HEIGHT - 1) / 2) * step
        return _sampled(_sampled(self.picture, rows, 0), columns, 1)


@dataclass(frozen=True, slots=True)
class DrawnShot:
    """A drawn landscape that pans, with a face that bounces through it."""

    start_s: float
    is_evening: bool = False
    """The other way round and in other colours, so that the cut is one."""
    painter: Painter = field(default_factory=lambda: Painter(WIDTH, HEIGHT))

    def at(self, share: float) -> NDArray[np.float32]:
        """Return the (HEIGHT, WIDTH, 3) view after that share of the shot."""
        picture = self.painter.paint(0, self.start_s + 3 * share, 0)
        turned = picture[:, ::-1, ::-1] if self.is_evening else picture
        return turned.astype(np.float32)


def _sampled(
    picture: NDArray[np.float32], places: NDArray[np.float64], axis: int
) -> NDArray[np.float32]:
    """Interpolate linearly along one axis; places outside repeat the edge."""
    last = picture.shape[axis] - 1
    places = places.clip(0, last)
    low = places.astype(np.intp)
    high = np.minimum(low + 1, last)
    shape = [1, 1, 1]
    shape[axis] = -1
    weight = (places - low).astype(np.float32).reshape(shape)
    first, second = picture.take(low, axis), picture.take(high, axis)
    mixed: NDArray[np.float32] = first + (second - first) * weight
    return mixed


def drawn_picture(width: int, height: int) -> Pixels:
    """Return a drawn landscape with a face, for checks that need any picture."""
    return Painter(width, height).paint(0, 1.0, 0)


def shots() -> list[Shot] | list[DrawnShot]:
    """Return the shots: public-domain photos if scikit-image has them, else drawn ones."""
    photos = _photos()
    if photos:
        return [
            Shot(photo.astype(np.float32), start, end)
            for photo, (_, start, end) in zip(photos, SHOTS, strict=True)
        ]
    return [DrawnShot(0.5), DrawnShot(7.0, is_evening=True)]


def _photos() -> list[Pixels]:
    """Load the photos that ship inside scikit-image; none of them comes from the network."""
    try:
        from skimage import data
    except ImportError:
        return []
    return [np.asarray(getattr(data, name)(), np.uint8)[..., :3] for name, _, _ in SHOTS]


def frames(seconds: float) -> Iterator[Frame]:
    """Yield the clip's frames: every shot takes its share, one hard cut between two."""
    made = shots()
    noise = _noise()
    times = _times(seconds)
    per_shot = -(-len(times) // len(made))
    for index, (pts, duration) in enumerate(times):
        shot, place = divmod(index, per_shot)
        view = made[shot].at(place / max(1, per_shot - 1))
        view += np.roll(noise, (index * 97 % HEIGHT, index * 193 % WIDTH), (0, 1))
        pixels = np.rint(view).clip(0, 255).astype(np.uint8)
        yield Frame(pixels, pts, TIME_BASE, duration)


def _noise() -> NDArray[np.float32]:
    """One field of sensor noise; every frame moves it elsewhere."""
    generator = np.random.default_rng(7)
    return generator.normal(0, NOISE_SIGMA, (HEIGHT, WIDTH, 3)).astype(np.float32)


def _times(seconds: float) -> list[tuple[int, int]]:
    """Return (pts, duration) of every frame, uneven and exact."""
    end = round(seconds / TIME_BASE)
    times: list[tuple[int, int]] = []
    pts = 0
    while pts < end:
        step = STEPS[len(times) % len(STEPS)]
        times.append((pts, step))
        pts += step
    return times


def write_clip(path: Path, seconds: float) -> int:
    """Write the clip with its tone and return how many frames it has."""
    info = VideoInfo(WIDTH, HEIGHT, TIME_BASE, RATE)
    tone = ToneTracks(seconds)
    try:
        with FileSink(path, info, EncoderSettings(crf=16), beside=Beside(rest=tone)) as sink:
            for frame in frames(seconds):
                sink.write(frame)
            return sink.frames
    finally:
        tone.close()
