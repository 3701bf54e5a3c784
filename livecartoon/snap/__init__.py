"""Real pixel art from any picture: an exact grid, one colour a cell, a palette of few."""

from livecartoon.snap.finish import Snap

__all__ = ["Snap"]
