"""Anti-flicker for cameras that move: the past is first carried along with the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels
from livecartoon.temporal.blend import Blend, BlendState
from livecartoon.temporal.fetch import fetch, fetch_planes
from livecartoon.temporal.gate import Gate
from livecartoon.temporal.motion import Motion
from livecartoon.temporal.noise import ResidualNoise
from livecartoon.temporal.planes import Floats

_SHUT, _OPEN = 1.8, 3.8
_EDGE_TOLERANCE = 0.03
"""Working pixels by which the motion may be wrong without opening the gate."""
_LEARNS_EVERY, _FIRST_S = 3, 0.5
"""Frames, and seconds before which every frame counts. Noise changes slowly, and to learn it from
all frames, moved for nothing else, would be a sixth of the work. Of a source with a codec's steps,
which come in one frame of many, every frame counts."""


class Flow(Blend):
    """As `Blend`, along the optical flow: steady lines under a hand-held or panning camera.

    Three times the work of `Blend`, and no steadier on a tripod. What shines through something
    else moves two ways at once; there it leaves ghosts of faint objects.
    """

    @property
    def method(self) -> str:
        """ "flow", or "off" at strength 0."""
        return "flow" if self._tau_s else "off"

    def _new_state(self, shape: tuple[int, ...]) -> BlendState:
        state = FlowState(shape, self._card)
        state.follow(True)
        return state


class FlowState(BlendState):
    """The memory of a stream that can be carried along the motion, or left where it is.

    Both ways share the running means, so that changing between them cannot be seen.
    """

    def __init__(self, shape: tuple[int, ...], card: str | None = None) -> None:
        super().__init__(shape, card)
        height, width = self._gain.shape
        self._resting = self._noise, self._gate
        self._moving_with = ResidualNoise(height, width), Gate(height, width, _SHUT, _OPEN)
        self._motion = Motion(height, width, card)
        self._pictures = np.empty((2, height, width, 3), np.float32)
        self._spare_gain = np.empty_like(self._gain)
        self._outside: NDArray[np.bool_] | None = None
        self.follows = False
        self._skipped, self._skipped_s, self._learnt_s = 0, 0.0, 0.0

    def follow(self, follows: bool) -> None:
        """From the next frame on carry the past along the motion, or leave it in place."""
        if follows == self.follows:
            return
        self.follows = follows
        learnt = self._noise
        self._noise, self._gate = self._moving_with if follows else self._resting
        self._noise.take_over(learnt)
        self._outside = None
        self._learn_anew()
        if follows:
            self._motion.remember(self._before[0])

    def _seed(self, styled: Pixels) -> None:
        super()._seed(styled)
        self._learn_anew()
        self._motion.remember(self._now[0])

    def _align(self, elapsed_s: float) -> None:
        """Move everything remembered to where it is now."""
        self._outside = None
        if not self.follows:
            return
        noise = float(np.median(self._noise.luma[::8, ::8]))
        if not self._motion.find(self._now[0], self._before[0], noise, self._standstill.unchanged):
            return
        self._outside = self._motion.outside()
        places = self._motion.places
        for planes in (self._reference, self._before) if self._learns else (self._reference,):
            fetch_planes(planes, self._motion.parts, self._pictures)
        fetch(self._gain, places, cv2.INTER_LINEAR, self._spare_gain)
        self._gain, self._spare_gain = self._spare_gain, self._gain
        self._history.move(self._motion.parts, self._planes.divisor)

    @property
    def _learns(self) -> bool:
        """Whether this frame is one from which noise is learnt."""
        if not self.follows or self._noise.is_coded or self._standstill.unchanged.any():
            return True
        return self._learnt_s < _FIRST_S or self._skipped + 1 >= _LEARNS_EVERY

    def _learn_anew(self) -> None:
        self._skipped, self._skipped_s, self._learnt_s = 0, 0.0, 0.0

    def _learn(self, elapsed_s: float) -> None:
        if self._learns:
            super()._learn(elapsed_s + self._skipped_s)
            self._skipped, self._skipped_s = 0, 0.0
        else:
            self._skipped, self._skipped_s = self._skipped + 1, self._skipped_s + elapsed_s
        self._learnt_s += elapsed_s

    def _edge_tolerance(self) -> float:
        """Half a pixel beside an edge is much difference: motion is never found exactly."""
        return _EDGE_TOLERANCE if self.follows else super()._edge_tolerance()

    def _find_opening(self, deviation: Floats) -> None:
        super()._find_opening(deviation)
        if self._outside is not None:
            self._opening[self._outside] = 1
