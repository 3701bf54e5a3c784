"""What every sink promises, run over all that need no screen."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.errors import OutputError, UsageError
from livecartoon.frame import Frame
from livecartoon.sinks import SINKS, sink_class
from livecartoon.sinks.base import Sink
from livecartoon.sinks.images import ImageSink
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.pictures import read_picture
from tests.drawing import moving_picture
from tests.handles import open_files

SCREENS = {"stream", "vcam", "window"}
KINDS = sorted(set(SINKS) - SCREENS)
INFO = VideoInfo(96, 64, Fraction(1, 25), Fraction(25))


def opened(kind: str, folder: Path) -> Sink:
    made: Sink
    if kind == "file":
        made = sink_class(kind)(folder / "out.mkv", INFO)
    elif kind == "images":
        made = sink_class(kind)(folder / "out-%03d.png")
    else:
        made = sink_class(kind)()
    return made


@pytest.mark.parametrize("kind", sorted(SINKS))
def test_sink_class_of_every_kind_is_a_sink(kind: str) -> None:
    assert issubclass(sink_class(kind), Sink)


@pytest.mark.parametrize("kind", KINDS)
def test_sink_takes_frames_and_does_not_change_them(kind: str, tmp_path: Path) -> None:
    pixels = moving_picture(0, 96, 64)
    with opened(kind, tmp_path) as sink:
        for index in range(3):
            sink.write(Frame(pixels, index, INFO.time_base, 1))
    assert (pixels == moving_picture(0, 96, 64)).all()


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"null"}))
def test_sink_pixels_may_be_overwritten_after_the_call(kind: str, tmp_path: Path) -> None:
    pixels = moving_picture(0, 96, 64)
    with opened(kind, tmp_path) as sink:
        sink.write(Frame(pixels, 0, INFO.time_base, 1))
        pixels[:] = 0
    kept = {
        "file": lambda: next(iter(FileSource(tmp_path / "out.mkv"))).pixels,
        "images": lambda: read_picture(tmp_path / "out-000.png").pixels,
        "memory": lambda: sink.frames[0].pixels,  # type: ignore[attr-defined]
    }[kind]()
    assert np.abs(kept.astype(int) - moving_picture(0, 96, 64)).mean() < 4


@pytest.mark.parametrize("kind", KINDS)
def test_sink_closed_twice_or_aborted_leaves_its_output_as_it_was(
    kind: str, tmp_path: Path
) -> None:
    sink = opened(kind, tmp_path)
    sink.write(Frame(moving_picture(0, 96, 64), 0, INFO.time_base, 1))
    sink.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(before) == (kind in ("file", "images"))
    sink.close()
    sink.abort()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert open_files(tmp_path) == []


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff"])
def test_image_sink_of_lossless_formats_keeps_pixels(tmp_path: Path, suffix: str) -> None:
    picture = moving_picture(3, 95, 63)
    with ImageSink(tmp_path / f"f-%02d.{suffix}") as sink:
        sink.write(Frame(picture, 0, INFO.time_base))
    assert (read_picture(tmp_path / f"f-00.{suffix}").pixels == picture).all()


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_image_sink_of_lossy_formats_stays_close(tmp_path: Path, suffix: str) -> None:
    picture = moving_picture(3, 96, 64)
    with ImageSink(tmp_path / f"f-%02d.{suffix}") as sink:
        sink.write(Frame(picture, 0, INFO.time_base))
    back = read_picture(tmp_path / f"f-00.{suffix}").pixels
    assert np.abs(back.astype(int) - picture).mean() < 4


def test_image_sink_without_number_or_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="E201"):
        ImageSink(tmp_path / "f.png")
    with pytest.raises(UsageError, match="E201"):
        ImageSink(tmp_path / "f-%03d.xyz")
    with pytest.raises(OutputError, match="E402"):
        ImageSink(tmp_path / "none" / "f-%03d.png")
