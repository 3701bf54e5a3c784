"""The default anti-flicker: `blend`, and `flow` for as long as the camera moves."""

from __future__ import annotations

from livecartoon.frame import Pixels
from livecartoon.temporal.blend import Blend, BlendState
from livecartoon.temporal.camera import CameraWatch
from livecartoon.temporal.flow import FlowState


class Auto(Blend):
    """Steadies in place, or along the motion while the camera moves.

    Blending in place leaves the flicker of a hand-held camera, following costs three times as
    much and gains nothing on a tripod. The two share their memory: no change can be seen.
    """

    def __init__(self, strength: float, card: str | None = None) -> None:
        super().__init__(strength, card)
        self._may_follow = True

    @property
    def method(self) -> str:
        """ "blend" or "flow": what the last frame got."""
        state = self._state
        follows = isinstance(state, FlowState) and state.follows
        return "flow" if follows else super().method

    def stay(self) -> None:
        """Never follow again: it costs more than this machine has."""
        self._may_follow = False
        if isinstance(self._state, _AutoState):
            self._state.may_follow = False

    def _new_state(self, shape: tuple[int, ...]) -> BlendState:
        return _AutoState(shape, self._may_follow, self._card)


class _AutoState(FlowState):
    def __init__(self, shape: tuple[int, ...], may_follow: bool, card: str | None) -> None:
        super().__init__(shape, card)
        self._camera = CameraWatch(self._planes.height, self._planes.width)
        self.may_follow = may_follow

    def _seed(self, styled: Pixels) -> None:
        super()._seed(styled)
        self._camera.restart(self._now[0])

    def _align(self, elapsed_s: float) -> None:
        moves = self._camera.step(self._now[0], elapsed_s)
        self.follow(moves and self.may_follow)
        super()._align(elapsed_s)
