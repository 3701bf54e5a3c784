"""What native libraries do behind our back: to signals, over the network."""

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


REPORTED_NOWHERE = """
import sys, threading
from livecartoon.config import EngineOptions
from livecartoon.styles import find_style
from livecartoon.stylizer import Stylizer

with Stylizer(find_style("classic"), 64, 64, EngineOptions(style="classic")) as stylizer:
    assert stylizer.report.backend == "openvino" and stylizer.report.build_seconds > 0
assert sys.modules.get("openvino_telemetry") is None
assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
"""


@pytest.mark.slow
def test_engine_when_built_then_nobody_is_told_of_it(tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    script = tmp_path / "built.py"
    script.write_text(REPORTED_NOWHERE, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
