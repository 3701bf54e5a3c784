"""Full-size loops, compiled by processes of their own while a first engine is built.

Numba compiles in Python, which runs one thread at a time: in this process loops and engine would
wait for each other. What the others compile is found in the cache, where this one looks first.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np

from livecartoon.backends.finish import Darkness, Finish
from livecartoon.backends.fullsize import Decided, Rows, fill, ink_levels
from livecartoon.backends.lineloops import lines_of
from livecartoon.compiled import is_to_come
from livecartoon.frame import Pixels
from livecartoon.models.inkstyle import InkStyle

PATIENCE_S = 60.0
"""For a machine at its limit; then they are compiled here, as if nobody had been asked."""
_TIMES, _CELLS = 2, (8, 8)
_SIZE = (_TIMES * _CELLS[0], _TIMES * _CELLS[1])


@contextmanager
def compiled_meanwhile() -> Iterator[None]:
    """Have the loops of every frame compiled that nobody has compiled; at the end they are."""
    wanted = [name for name, (_, loops) in _GROUPS.items() if any(map(is_to_come, loops))]
    children: list[subprocess.Popen[bytes]] = []
    try:
        with suppress(OSError):  # no room for a process: this one compiles them
            children.extend(map(_child, wanted))
        yield
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE_S)
    finally:
        for child in children:
            child.kill()
            child.wait()


def _child(name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__, name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _compile_fills() -> None:
    """Lay the fills of a tiny picture: the arguments of a real one in all but size."""
    decided, drawn = _tiny()
    luminance = np.empty(_SIZE, np.float32)
    fill(decided, Rows.of(_SIZE[1], _TIMES), luminance, drawn.reshape(len(drawn), -1))


def _compile_lines() -> None:
    """Find and draw the lines of a tiny picture."""
    finish = Finish(InkStyle(), _CELLS, _TIMES, ())
    lines, (decided, drawn) = finish.new_lines(), _tiny()
    darkness = Darkness(InkStyle(), _SIZE, _TIMES)
    darkness.inside[:] = 1
    darkness(lines.found)
    lines.weight[:] = 1
    finish.draw(decided, lines, np.ones(4, np.float32), drawn)


def _tiny() -> tuple[Decided, Pixels]:
    rows, columns = _CELLS
    photo = np.zeros((*_SIZE, 3), np.uint8)
    gate, colour = (np.ones((rows // 4, columns // 4, 48), np.float32) for _ in range(2))
    return Decided(photo.reshape(len(photo), -1), gate, colour, _TIMES), photo.copy()


_GROUPS: dict[str, tuple[Callable[[], None], tuple[Callable[..., None], ...]]] = {
    "fills": (_compile_fills, (fill,)),
    "lines": (_compile_lines, (lines_of, ink_levels)),
}
"""What a process each does, and which loops it so compiles: about the same work."""

if __name__ == "__main__":
    _GROUPS[sys.argv[1]][0]()
