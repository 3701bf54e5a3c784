"""Anti-flicker in place: a running mean that opens where the source moves."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels
from livecartoon.temporal.exposure import apply_exposure, exposure_gain
from livecartoon.temporal.gate import Gate
from livecartoon.temporal.history import History, Memory
from livecartoon.temporal.noise import NoiseLevel
from livecartoon.temporal.planes import Floats, Planes
from livecartoon.temporal.scenecut import SceneCut, thumbnail
from livecartoon.temporal.standstill import Standstill

_EXPOSURE_REACH = 0.06
"""A step of the exposure as large as this opens the gate fully: larger leaves colour bands that
lag behind (behind drawn lines ghost 0.36 at 0.07), smaller the flicker of the steps."""
_REPEATED = 0.1
"""Share of the usual gain where nothing is new: a dim kitchen, shot at 24 and carried at 30 fps by
a codec, flickered by 0.17 levels at rest with 1.0, its source by 0.16, by 0.15 now."""
_HOLD = 0.4
"""Levels. Between two of them a mean trembles: the kitchen by 0.17 levels at rest, by 0.13 held.
Only of sources that leave something alone: noise hides faint things from the gate, and they would
be left behind (trail 0.16, not 0.04)."""
_EDGE_TOLERANCE = 0.03
"""Working pixels; for coded sources only, elsewhere it would let ghosts through."""


def time_constant_s(strength: float) -> float:
    """Seconds over which a still picture is averaged: 0 for 0, else 0.04 .. 0.6, 0.2 at 0.6."""
    return 0.04 * 15**strength if strength > 0 else 0.0


class Blend:
    """Steadies what does not move; real motion is shown as drawn, without delay.

    Whether a pixel moves is read from the source, never from the styled frames: only the source
    can tell flicker from motion. It is compared with its own running mean, taken with the very
    gains of the shown picture, so the difference is how far the shown picture lags, and slow
    fades open the gate as well. Decided on a picture of half the size, or at most 640x360 pixels
    for frames beyond 720p. Time constants are in seconds: 15, 30 and 60 fps feel alike.

    Allocates nothing large after the first frame but what it returns. OpenCV's own threads gain
    nothing at these sizes; their number, a setting of the whole process, is for others to choose.
    """

    def __init__(self, strength: float, card: str | None = None) -> None:
        """`card` is torch's name of the device that keeps the running mean; None = no card."""
        self._tau_s = time_constant_s(strength)
        self._card = card
        self._state: BlendState | None = None

    @property
    def method(self) -> str:
        """ "blend", or "off" at strength 0."""
        return "blend" if self._tau_s else "off"

    def __call__(self, source: Pixels, styled: Pixels, seconds: float) -> Pixels:
        """Return a steadier `styled`; `styled` itself at strength 0 and after a break."""
        if not self._tau_s:
            return styled
        assert source.shape == styled.shape
        if self._state is None or self._state.shape != styled.shape:
            self._state = self._new_state(styled.shape)
        return self._state.step(source, styled, seconds, self._tau_s)

    def reset(self) -> None:
        """Forget the past: the next frame is shown as it is."""
        self._state = None

    def _new_state(self, shape: tuple[int, ...]) -> BlendState:
        return BlendState(shape, self._card)


class BlendState:
    """All that is remembered of a stream of one size."""

    def __init__(self, shape: tuple[int, ...], card: str | None = None) -> None:
        self.shape = shape
        self._planes = Planes(shape[0], shape[1])
        height, width = self._planes.height, self._planes.width
        self._now, self._before, self._reference, self._lag = np.empty(
            (4, 3, height, width), np.float32
        )
        self._gain = np.empty((height, width), np.float32)
        self._opening, self._slope, self._deviation = np.empty((3, height, width), np.float32)
        self._moving = 0.0
        self._scene = SceneCut()
        self._noise = NoiseLevel(height, width)
        self._gate = Gate(height, width)
        self._standstill = Standstill(height, width)
        self._step = np.empty((height, width), np.float32)
        self._history = _open_history(shape[0], shape[1], card)

    def step(self, source: Pixels, styled: Pixels, seconds: float, tau_s: float) -> Pixels:
        """Take in one frame, return what to show."""
        self._planes.fill(source, self._now)
        small = thumbnail(self._now[0])
        elapsed_s = self._scene.step(small, seconds)
        if elapsed_s is None:
            self._seed(styled)
            shown = styled
        else:
            self._standstill.look(self._now, self._before)
            self._align(elapsed_s)
            deviation = self._measure(elapsed_s)
            least_gain = max(1 - math.exp(-elapsed_s / tau_s), self._expose(small, styled))
            self._open(deviation, least_gain, self._standstill.settled(styled))
            hold = _HOLD if self._standstill.is_common else 0.0
            shown = self._history.blend(styled, self._step, hold)
        self._standstill.remember(shown)
        self._now, self._before = self._before, self._now
        return shown

    def _seed(self, styled: Pixels) -> None:
        self._history.seed(styled)
        np.copyto(self._reference, self._now)
        self._gain.fill(1)
        self._noise.forget_difference()

    def _align(self, elapsed_s: float) -> None:
        """Nothing to do: the past is looked for where it was."""

    def _measure(self, elapsed_s: float) -> Floats:
        """Return the difference (h, w) of luma that is to be expected where nothing moves.

        That is the noise and, beside edges, what a codec leaves around them.
        """
        self._learn(elapsed_s)
        tolerance = self._edge_tolerance()
        if not tolerance:
            return self._noise.luma
        np.copyto(self._deviation, self._noise.luma)
        for dx, dy in ((1, 0), (0, 1)):
            cv2.Sobel(self._now[0], cv2.CV_32F, dx, dy, dst=self._slope, scale=1 / 8)
            np.abs(self._slope, out=self._slope)
            self._slope *= tolerance
            self._deviation += self._slope
        return self._deviation

    def _learn(self, elapsed_s: float) -> None:
        self._noise.update(self._now, self._before, elapsed_s, is_held=self._moving >= 0.5)

    def _edge_tolerance(self) -> float:
        """Working pixels by which an edge may be displaced without opening the gate."""
        return _EDGE_TOLERANCE if self._noise.is_coded else 0.0

    def _expose(self, small: Floats, styled: Pixels) -> float:
        """Carry the past to the exposure of now; return the least gain that this asks for."""
        gain = exposure_gain(small, thumbnail(self._reference[0]))
        if gain == 1:
            return 0.0
        apply_exposure(self._reference, gain)
        self._history.rebase(styled)
        return min(abs(gain - 1) / _EXPOSURE_REACH, 1.0)

    def _open(
        self, deviation: Floats, least_gain: float, settled: NDArray[np.bool_] | None
    ) -> None:
        """Find the gain per working pixel and move the reference by it, where there is news.

        1, 1/2, 1/3 ... after a break or motion: a true mean at first, so that what was just
        uncovered does not freeze as one noisy frame. A repetition does not count.
        """
        np.subtract(self._now, self._reference, out=self._lag)
        self._find_opening(deviation)
        self._moving = float((self._opening[::4, ::4] > 0.5).mean())
        np.maximum(self._opening, least_gain, out=self._opening)
        scratch = self._before[0]  # its last use was the noise of this frame
        np.add(self._gain, 1, out=scratch)
        np.divide(self._gain, scratch, out=self._step)
        np.maximum(self._step, self._opening, out=self._step)
        if settled is None:
            np.copyto(self._gain, self._step)
        else:
            self._step[settled] *= _REPEATED
            np.copyto(self._gain, self._step, where=np.logical_not(settled, out=settled))
        self._lag *= self._step
        self._reference += self._lag

    def _find_opening(self, deviation: Floats) -> None:
        self._gate.fill(self._lag, deviation, self._noise.chroma, self._opening)


def _open_history(height: int, width: int, card: str | None) -> Memory:
    if card is None:
        return History(height, width)
    from livecartoon.temporal.card.history import CardHistory  # torch: only where a card draws

    return CardHistory(height, width, card)
