"""A film in laps, beside each other or not, is the film in one."""

import json
import signal
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from livecartoon.config import EngineOptions
from livecartoon.frame import Frame
from livecartoon.jobs.hooks import make_stylizer
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import inspect
from tests.drawing import ClipPlan, write_clip, write_paper
from tests.laps import OPTIONS, PLANS, SHORT, Echo, assert_same_film, convert, pixels_of


@pytest.mark.parametrize("name", sorted(PLANS))
@pytest.mark.parametrize("target", ["mp4", "mkv"])
def test_convert_in_pieces_keeps_the_times_of_one_piece(
    tmp_path: Path, name: str, target: str
) -> None:
    clip = write_clip(tmp_path / name, PLANS[name])
    settings = replace(SHORT, codec="auto")
    one, many = tmp_path / f"one.{target}", tmp_path / f"many.{target}"
    convert(clip, one, replace(settings, segment_s=Fraction(100)))
    report = convert(clip, many, settings)
    assert report.segments > 1
    assert inspect(one).pts == inspect(many).pts
    assert inspect(many).end_s == pytest.approx(inspect(one).end_s, abs=0.001)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_convert_side_by_side_gives_the_serial_film(tmp_path: Path, name: str) -> None:
    clip = write_clip(tmp_path / name, PLANS[name])
    settings = replace(SHORT, codec="auto")
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    convert(clip, one, settings)
    convert(clip, two, replace(settings, jobs=2))
    assert one.read_bytes() == two.read_bytes()


def test_convert_of_a_lying_time_base_does_not_count_its_empty_laps(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.avi", ClipPlan(codec="mpeg4", options=(), sound=(), ticks=25))
    content = bytearray(clip.read_bytes())
    scale = content.index(b"vids") + 20  # ticks of a frame; now one lasts a month
    content[scale : scale + 8] = (0x7FFFFFFF).to_bytes(4, "little") + (800).to_bytes(4, "little")
    clip.write_bytes(bytes(content))
    for jobs in (1, 2):
        report = convert(clip, tmp_path / f"{jobs}.mp4", replace(SHORT, codec="auto", jobs=jobs))
        assert report.frames_out == 12
        assert report.segments == 12
        assert (report.status, report.error.exit_code) == ("partial", 7)  # mp4 has no such times


@pytest.mark.slow
@pytest.mark.parametrize("rate", [None, Fraction(50)])
def test_convert_with_a_network_that_remembers_is_the_same_in_any_laps(
    tmp_path: Path, rate: Fraction | None
) -> None:

    style = write_paper(tmp_path / "clip.safetensors", "cartoongan-tiny", norm="ema-inputs")
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(64, 48, frames=55, key_frames=30))
    options = replace(OPTIONS, style=str(style), backend="torch", temporal="blend")
    settings = replace(SHORT, segment_s=Fraction(1), fps=rate)
    convert(clip, tmp_path / "whole.mkv", settings, make_stylizer, options)
    beside = replace(settings, jobs=2)
    convert(clip, tmp_path / "two.mkv", beside, make_stylizer, options)
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "two.mkv")
    straight = replace(settings, segment_s=Fraction(100))
    convert(clip, tmp_path / "one.mkv", straight, make_stylizer, options)
    assert pixels_of(tmp_path / "one.mkv") != pixels_of(tmp_path / "whole.mkv")


@pytest.mark.slow
@pytest.mark.parametrize("temporal", ["blend", "flow", "auto"])
def test_resume_with_the_real_filters_gives_the_same_film(tmp_path: Path, temporal: str) -> None:

    from livecartoon.jobs.hooks import make_stylizer

    clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 120, frames=75, key_frames=30))
    options = replace(OPTIONS, temporal=temporal)  # type: ignore[arg-type]  # one of the names
    convert(clip, tmp_path / "whole.mkv", make=make_stylizer, options=options)
    convert(clip, tmp_path / "two.mkv", replace(SHORT, jobs=2), make_stylizer, options)
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "two.mkv")

    @contextmanager
    def stopped(info: VideoInfo, chosen: EngineOptions):  # type: ignore[no-untyped-def]
        with make_stylizer(info, chosen) as stylizer:
            steady, seen = stylizer.steady, []  # type: ignore[attr-defined]

            def stopping_steady(drawn: object) -> Frame:
                seen.append(drawn)
                if len(seen) > 45:
                    raise KeyboardInterrupt
                return steady(drawn)  # type: ignore[no-any-return]

            stylizer.steady = stopping_steady  # type: ignore[attr-defined]
            yield stylizer

    with pytest.raises(KeyboardInterrupt):
        convert(clip, tmp_path / "b.mkv", make=stopped, options=options)
    report = convert(clip, tmp_path / "b.mkv", make=make_stylizer, options=options)
    assert 38 < report.resumed_from_frame <= 45  # a lap begins with frame 38: it is in the midst
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "b.mkv")


def test_convert_side_by_side_interrupted_keeps_what_each_worker_drew(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", PLANS["plain.mp4"])
    settings = replace(SHORT, segment_s=Fraction(1), jobs=2)
    convert(clip, tmp_path / "whole.mkv", settings)

    class Slow(Echo):
        """Leaves the other worker time; soon in the second lap somebody types Ctrl-C."""

        def __call__(self, frame: Frame) -> Frame:
            time.sleep(0.02)
            if frame.pts == 30 * 512:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            return super().__call__(frame)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            convert(clip, tmp_path / "b.mkv", settings, lambda info, options: nullcontext(Slow()))
    finally:
        signal.signal(signal.SIGINT, before)
    journal = tmp_path / "b.mkv.livecartoon" / "journal.jsonl"
    pieces = [json.loads(line) for line in journal.read_text().splitlines()]
    assert {piece["index"] for piece in pieces} >= {0, 1}
    assert next(piece for piece in pieces if piece["index"] == 1)["cut_s"] is not None
    assert convert(clip, tmp_path / "b.mkv", settings).resumed_from_frame > 0
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "b.mkv")
