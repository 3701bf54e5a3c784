"""What --mem-limit allows is what a conversion takes, to the end."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drawing import ClipPlan, write_clip

COMMAND = (sys.executable, "-m", "livecartoon", "convert", "-s", "classic", "-q", "-y")
#: One way to draw: neither in tiles, which keep no mean of a frame, nor smaller.
ONE_WAY = ("--keep-color", "0.5", "--infer-size", "source")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="--mem-limit is for Linux and for cards")
def test_convert_in_the_memory_it_asked_for_never_takes_more(
    tmp_path: Path, engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(engines))
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(480, 272, frames=75, key_frames=40))
    command = [*COMMAND, str(clip), "-o", str(tmp_path / "b.mp4"), *ONE_WAY]
    subprocess.run([*command, "-t", "0.2"], check=True)  # builds the engine, which takes far more
    command += ["--json", "--mem-limit", ""]
    limit = 16  # MiB
    while True:
        command[-1] = f"{limit}M"
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        (report,) = json.loads(made.stdout)["files"]
        if made.returncode != 5:
            break
        needed = re.search(rf"a run takes (\d+) MiB, {limit} are allowed", made.stderr)
        assert needed is not None, made.stderr
        limit = int(needed[1]) + 10  # two processes are never quite alike
    assert made.returncode == 0, made.stderr
    assert (report["frames_out"], report["infer_size"]) == (75, [480, 272])
    assert 0.6 * limit < report["peak_rss"] / (1 << 20) <= limit
