"""Time stamps of a damaged file made strictly increasing, the sound ones untouched."""

from __future__ import annotations


class Timeline:
    """Passes increasing pts through; repairs missing, equal and backward ones, and counts them."""

    def __init__(self, nominal: int) -> None:
        self.nominal = max(1, nominal)
        self.repaired = 0
        self.first: int | None = None
        self.last: int | None = None

    def __call__(self, pts: int | None) -> int:
        """Return the time of the next frame in presentation order."""
        fixed = self._fix(pts)
        if fixed != pts:
            self.repaired += 1
        self.last = fixed
        if self.first is None:
            self.first = fixed
        return fixed

    def _fix(self, pts: int | None) -> int:
        if self.last is None:
            return 0 if pts is None else pts
        if pts is None:
            return self.last + self.nominal
        if pts <= self.last:  # half a frame: the next sound stamp is most likely still ahead
            return self.last + max(1, self.nominal // 2)
        return pts
