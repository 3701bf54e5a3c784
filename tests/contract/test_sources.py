"""What every source promises, run over all that need no device."""

from pathlib import Path

import numpy as np
import pytest

from livecartoon.errors import InputError
from livecartoon.sinks.pictures import encode_picture
from livecartoon.sources import SOURCES, kind_of, open_source, source_class
from livecartoon.sources.base import Source
from tests.drawing import moving_picture, write_clip
from tests.handles import open_files

DEVICES = {"camera", "screen"}
KINDS = sorted(set(SOURCES) - DEVICES)


def opened(kind: str, folder: Path) -> Source:
    if kind == "pattern":
        return open_source("pattern:320x200@25,frames=4")
    if kind == "images":
        for index in range(4):
            picture = encode_picture(Path("a.png"), moving_picture(index, 96, 64))
            (folder / f"{index}.png").write_bytes(picture)
        return open_source(str(folder))
    return open_source(str(write_clip(folder / "clip.mp4")))


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_source_class_of_every_kind_is_a_source(kind: str) -> None:
    assert issubclass(source_class(kind), Source)


@pytest.mark.parametrize("kind", KINDS)
def test_source_yields_rgb_frames_of_its_size_in_order(kind: str, tmp_path: Path) -> None:
    with opened(kind, tmp_path) as source:
        frames = list(source)
        info = source.info
    assert len(frames) == info.frames
    for frame in frames:
        assert frame.pixels.shape == (info.height, info.width, 3)
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.flags.c_contiguous
        assert frame.time_base == info.time_base
    times = [frame.pts for frame in frames]
    assert times == sorted(set(times))
    assert info.duration_s == pytest.approx(
        frames[-1].seconds - frames[0].seconds + float(frames[-1].duration * info.time_base)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_source_pixels_of_a_frame_stay_when_the_next_comes(kind: str, tmp_path: Path) -> None:
    with opened(kind, tmp_path) as source:
        frames = iter(source)
        first = next(frames)
        before = first.pixels.copy()
        next(frames)
    assert (first.pixels == before).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_begun", [False, True])
def test_source_closed_twice_holds_no_file(kind: str, is_begun: bool, tmp_path: Path) -> None:
    source = opened(kind, tmp_path)
    if is_begun:
        next(iter(source))
    assert len(open_files(tmp_path)) == (kind == "file")
    source.close()
    source.close()
    assert open_files(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("pattern:", "pattern"),
        ("a.mp4", "file"),
        ("a.png", "images"),
        ("*.png", "images"),
        ("a[1].mp4", "images"),
    ],
)
def test_kind_of_text_names_the_source(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_kind_of_an_existing_file_with_magic_characters_is_file(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a[1].mp4")
    assert kind_of(str(clip)) == "file"
    assert kind_of(str(tmp_path)) == "images"


def test_open_source_of_nothing_raises_e301(tmp_path: Path) -> None:
    for text in ("none.mp4", "none.png", "none-*.png", "."):
        with pytest.raises(InputError, match="E301"):
            open_source(str(tmp_path / text))


def test_image_source_of_pictures_sorts_naturally_and_fits_sizes(tmp_path: Path) -> None:
    for index, width in ((10, 96), (2, 64), (1, 80)):
        picture = encode_picture(Path("a.png"), np.full((48, width, 3), index, np.uint8))
        (tmp_path / f"p{index}.png").write_bytes(picture)
    with open_source(str(tmp_path / "p*.png")) as source:
        frames = list(source)
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert {frame.pixels.shape for frame in frames} == {(48, 80, 3)}
