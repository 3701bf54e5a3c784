import os
import subprocess
import sys

from livecartoon import codestore

DRAW = """
from fractions import Fraction
import numpy as np
from livecartoon.backends import kernels
from livecartoon.config import EngineOptions
from livecartoon.frame import Frame
from livecartoon.styles import find_style
from livecartoon.stylizer import Stylizer

loops = [loop for _, group in kernels._GROUPS.values() for loop in group]
print(sum(map(kernels.is_to_come, loops)), end=" ")
with kernels.compiled_meanwhile():
    pass
print(sum(map(kernels.is_to_come, loops)))
with Stylizer(find_style("shinkai"), 96, 64, EngineOptions(tier="nano")) as draw:
    draw(Frame(np.zeros((64, 96, 3), np.uint8), 0, Fraction(1, 30)))
"""


def test_compiled_meanwhile_then_a_frame_needs_nothing_else_compiled(tmp_path):
    environment = os.environ | {"LIVECARTOON_CACHE_DIR": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", DRAW], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["3", "0"]
    # A second signature of a loop would be kept as .2.nbc beside the first.
    kept = sorted(path.name for path in (tmp_path / codestore.FOLDER).rglob("*.nbc"))
    assert len(kept) == 3
    assert all(name.endswith(".1.nbc") for name in kept)
