"""Mutated films through the whole of `convert`: results, or our errors, and nothing else."""

import os
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drawing import ClipPlan, write_clip
from tests.everything import write_everything

#: How many mutants; `LIVECARTOON_MUTANTS=1000` is the long run.
MUTANTS = int(os.environ.get("LIVECARTOON_MUTANTS", "100"))
ALLOWED = {0, 3, 7}
LONGEST_S = 20.0
MORE_MEMORY = 1 << 30
PLANS = {
    "h264.mp4": ClipPlan(frames=20, sound=("aac", "aac")),
    "all.mkv": ClipPlan(frames=20, sound=("aac", "aac")),
    "vp9.webm": ClipPlan(frames=12, codec="libvpx-vp9", options=(), sound=("libopus",)),
    "mpeg4.avi": ClipPlan(frames=20, codec="mpeg4", options=(), sound=("libmp3lame",), ticks=25),
    "turned.mov": ClipPlan(frames=20, rotation=90),
}
#: Converts each file named on its standard input and answers with exit code, time and memory.
SERVER = """
import resource, sys, time
from contextlib import nullcontext
from pathlib import Path
from livecartoon.config import EngineOptions
from livecartoon.errors import LivecartoonError
from livecartoon.jobs.convert import ConvertSettings, convert_file

settings = ConvertSettings(preset="ultrafast", overwrite=True)
for line in sys.stdin:
    source = Path(line.strip())
    started = time.monotonic()
    try:
        report = convert_file(
            source, source.with_suffix(".out.mkv"), EngineOptions(style="identity"), settings,
            make_stylize=lambda info, options: nullcontext(lambda frame: frame),
        )
        code, frames = (report.error.exit_code if report.error else 0), report.frames_out
        stated = report.frames_in
    except LivecartoonError as error:
        code, frames, stated = error.exit_code, 0, 0
    spent = time.monotonic() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(code, frames, stated, round(spent, 2), memory, flush=True)
"""


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return the file with a few bits flipped, its end cut off, or its boxes swapped."""
    kind = rng.choice(("bits", "burst", "cut", "swap", "lie"))
    damaged = bytearray(content)
    if kind == "cut":
        return content[: rng.randrange(1, len(content))]
    if kind == "bits":
        for _ in range(rng.choice((1, 8, 64))):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    elif kind == "burst":
        start, length = rng.randrange(len(damaged)), rng.choice((16, 256, 4096))
        damaged[start : start + length] = rng.randbytes(len(damaged[start : start + length]))
    elif kind == "swap":
        half = len(content) // 2
        boxes = list(top_boxes(content)) or [(0, half), (half, len(content))]
        rng.shuffle(boxes)
        return b"".join(content[first:last] for first, last in boxes)
    else:  # a length or a count that is not true
        at = rng.randrange(len(damaged) - 4)
        damaged[at : at + 4] = struct.pack(">I", rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF)))
    return bytes(damaged)


def top_boxes(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of the outermost boxes of an mp4, nothing for other files."""
    at = 0
    while content[4:8] == b"ftyp" and at + 8 <= len(content):
        size = struct.unpack(">I", content[at : at + 4])[0]
        end = min(len(content), at + max(size, 8))
        yield at, end
        at = end


class Server:
    """A process that converts; started again when it died or hung."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def convert(self, path: Path) -> list[float]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        alarm = threading.Timer(3 * LONGEST_S, self.process.kill)
        alarm.start()
        answer = self.process.stdout.readline()
        alarm.cancel()
        assert answer, f"{path} kills or hangs: {self.process.communicate()[1]}"
        return [float(word) for word in answer.split()]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.mark.slow
def test_convert_of_mutated_files_gives_results_or_our_errors(tmp_path: Path) -> None:
    originals = {}
    for name, plan in PLANS.items():
        clip = write_clip(tmp_path / name, plan)
        if name == "all.mkv":
            plain = write_clip(tmp_path / "c.mp4", plan)
            clip = write_everything(tmp_path / "everything.mkv", plain)
        originals[name] = clip.read_bytes()
    rng = random.Random(20)
    server = Server()
    try:
        normal = 0.0
        for name, content in originals.items():
            path = tmp_path / f"whole-{name}"
            path.write_bytes(content)
            code, frames, *_, normal = server.convert(path)
            assert (code, frames) == (0, PLANS[name].frames)
        for number in range(MUTANTS):
            name = rng.choice(sorted(originals))
            path = tmp_path / f"m{number}-{name}"
            path.write_bytes(mutate(originals[name], rng))
            code, frames, stated, spent_s, memory = server.convert(path)
            assert code in ALLOWED, (number, name, code)
            assert spent_s < LONGEST_S, (number, name, spent_s)
            assert memory - normal < MORE_MEMORY, (number, name, memory)
            assert code or frames >= stated - 1, f"{number} {name}: a short result called whole"
            for left in tmp_path.glob(f"m{number}-*"):
                assert not left.is_dir(), f"{number} {name} left {left}"
                left.unlink()
    finally:
        server.close()
