"""Real pixel art from any picture: an exact grid, one colour a cell, a palette of few."""

from livecartoon.snap.finish import Snap
from livecartoon.snap.own import with_own_finish

__all__ = ["Snap", "with_own_finish"]
