"""What native libraries do to signals."""

import subprocess
import sys

import pytest

DROPPED_ELSEWHERE = """
import gc, os, signal, threading
from livecartoon.config import EngineOptions
from livecartoon.styles import find_style
from livecartoon.stylizer import Stylizer

heard = []
signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
kept = [Stylizer(find_style("classic"), 64, 64, EngineOptions(style="classic"))]

def drop():
    kept.pop().close()
    gc.collect()

thread = threading.Thread(target=drop)
thread.start()
thread.join()
os.kill(os.getpid(), signal.SIGTERM)
assert heard
"""


@pytest.mark.slow
def test_signal_when_engine_was_dropped_by_another_thread_then_is_heard(tmp_path):
    script = tmp_path / "dropped.py"
    script.write_text(DROPPED_ELSEWHERE, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
