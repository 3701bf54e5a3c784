"""At strength 0 and the finest quantiser the source comes back, plane by plane."""

import json
import shutil
import subprocess
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from livecartoon.cli import run
from livecartoon.config import EngineOptions, Look
from livecartoon.frame import Pixels
from livecartoon.jobs.convert import ConvertSettings, convert_file
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import inspect
from tests.drawing import ClipPlan, drawn_photo, write_clip
from tests.everything import write_everything

UNTOUCHED = EngineOptions(style="classic", look=Look(strength=0), temporal="off")
FINEST = ConvertSettings(crf=0, preset="ultrafast")
WIDTH, HEIGHT = 128, 96
#: Matrix, primaries and transfer of each standard, H.273 code points.
STANDARDS = {"601": (6, 6, 6), "709": (1, 1, 1), "2020": (9, 9, 14)}
#: Of red and blue in brightness.
WEIGHTS = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}


def planes(path: Path, pix_fmt: str) -> list[NDArray[np.float64]]:
    import av

    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name.replace("yuvj", "yuv") == pix_fmt
        kind = np.uint16 if "10" in pix_fmt else np.uint8
        found = []
        for plane in frame.planes:
            rows = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : plane.width]
            found.append(rows.astype(np.float64))
        return found


def write_photo(
    path: Path, standard: str, color_range: int, pix_fmt: str, photo: Pixels | None = None
) -> Path:
    """Encode a drawn photo without loss, its planes made by the standard's own formula."""
    import av

    photo = drawn_photo(WIDTH, HEIGHT) if photo is None else photo
    matrix, primaries, transfer = STANDARDS[standard]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        context = stream.codec_context
        context.colorspace, context.color_range = matrix, color_range
        context.color_primaries, context.color_trc = primaries, transfer
        y, u, v = ycbcr(photo, standard, color_range, 10 if "10" in pix_fmt else 8)
        for number in range(2):
            frame = av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
            for plane, values in zip(frame.planes, (y, u, v), strict=True):
                kind = np.uint16 if "10" in pix_fmt else np.uint8
                padded = np.zeros((plane.height, plane.line_size // kind(0).itemsize), kind)
                padded[:, : plane.width] = values
                plane.update(padded.tobytes())
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def ycbcr(photo: Pixels, standard: str, color_range: int, bits: int) -> list[NDArray[np.float64]]:
    """Return the planes of a photo, chroma the mean of 2 x 2 pixels (ITU-R BT.601/709/2020)."""
    kr, kb = WEIGHTS[standard]
    red, green, blue = np.moveaxis(photo / 255.0, 2, 0)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = [(blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)]
    chroma = [part.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3)) for part in chroma]
    unit = 1 << (bits - 8)
    if color_range == 2:
        top = (1 << bits) - 1
        shades = (np.rint(part * top + 128 * unit).clip(0, top) for part in chroma)
        return [np.rint(luma * top), *shades]
    return [
        np.rint((16 + 219 * luma) * unit),
        *(np.rint((128 + 224 * part) * unit) for part in chroma),
    ]


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("color_range", [1, 2])
@pytest.mark.parametrize("standard", sorted(STANDARDS))
def test_convert_at_strength_0_and_crf_0_keeps_every_plane(
    tmp_path: Path, standard: str, color_range: int, pix_fmt: str
) -> None:
    clip = write_photo(tmp_path / "a.mp4", standard, color_range, pix_fmt)
    settings = replace(FINEST, pix_fmt=pix_fmt)
    convert_file(clip, tmp_path / "b.mp4", UNTOUCHED, settings)
    peak = 1023 if "10" in pix_fmt else 255
    pairs = zip(planes(clip, pix_fmt), planes(tmp_path / "b.mp4", pix_fmt), strict=True)
    decibels = [
        10 * np.log10(peak**2 / max(1e-9, float(np.mean((was - now) ** 2)))) for was, now in pairs
    ]
    assert min(decibels) >= 50, decibels
    assert inspect(tmp_path / "b.mp4").colour[1] == color_range


def rgb(y: float, u: float, v: float, standard: str, color_range: int) -> tuple[float, ...]:
    """Return red, green and blue, 0..255, of 8-bit samples by the standard's own formula."""
    kr, kb = WEIGHTS[standard]
    whole, half = (255, 255) if color_range == 2 else (219, 224)
    luma = (y - (0 if color_range == 2 else 16)) / whole
    red, blue = luma + (2 - 2 * kr) * (v - 128) / half, luma + (2 - 2 * kb) * (u - 128) / half
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return 255 * red, 255 * green, 255 * blue


def drawn(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    """Make an engine whose pictures look like the source but are new ones."""
    return nullcontext(lambda frame: replace(frame, origin=None))


@pytest.mark.slow
@pytest.mark.parametrize("is_drawn", [False, True])
@pytest.mark.parametrize("color_range", [1, 2])
@pytest.mark.parametrize("standard", sorted(STANDARDS))
def test_convert_of_pure_colours_keeps_them_within_two_codes(
    tmp_path: Path, standard: str, color_range: int, is_drawn: bool
) -> None:
    photo = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    patches = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
    for place, colour in enumerate(patches):
        photo[:, 32 * place : 32 * place + 32] = colour
    clip, made = tmp_path / "a.mp4", tmp_path / "b.mp4"
    write_photo(clip, standard, color_range, "yuv420p", photo)
    if is_drawn:
        convert_file(clip, made, UNTOUCHED, FINEST, make_stylize=drawn)
    else:
        words = f"convert {clip} -o {made} -s classic --strength 0 --crf 0 --preset ultrafast -q"
        assert run(words.split()) == 0
    y, u, v = planes(made, "yuv420p")
    for place, colour in enumerate(patches):
        x = 32 * place + 16
        found = rgb(y[48, x], u[24, x // 2], v[24, x // 2], standard, color_range)
        assert found == pytest.approx(colour, abs=2)


@pytest.mark.parametrize("transfer", [16, 18])
def test_convert_of_hdr_writes_plain_bt709_or_refuses(tmp_path: Path, transfer: int) -> None:
    from livecartoon.errors import InputError

    plan = ClipPlan(pix_fmt="yuv420p10le", colour=(9, 1, 9, transfer), sound=())
    clip = write_clip(tmp_path / "a.mkv", plan)
    report = convert_file(clip, tmp_path / "b.mp4", UNTOUCHED, FINEST)
    assert inspect(tmp_path / "b.mp4").colour == (1, 1, 1, 1)
    assert any("HDR" in text for text in report.warnings)
    with pytest.raises(InputError, match="E305"):
        convert_file(clip, tmp_path / "c.mp4", UNTOUCHED, replace(FINEST, hdr="refuse"))


FFPROBE = ("ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_packets")
#: Names of H.273 code points.
MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc"}
PLANS = {
    "plain.mp4": ClipPlan(frames=30, sound=("aac", "aac")),
    "turned.mov": ClipPlan(frames=30, rotation=90, aspect=Fraction(4, 3)),
    "vfr.mp4": ClipPlan(pts=tuple(512 * n + 37 * (n % 5) + 6400 for n in range(30))),
    "full.mkv": ClipPlan(frames=30, colour=(1, 2, 1, 1)),
}


def probed(path: Path, *flags: str) -> dict[str, Any]:
    """What ffprobe reads in a file, as a reader that is not ours."""
    if not shutil.which("ffprobe"):
        pytest.skip("no ffprobe here")
    found: dict[str, Any] = json.loads(subprocess.check_output([*FFPROBE, *flags, str(path)]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PLANS, "everything.mkv"])
@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm"])
def test_ffprobe_of_every_output_agrees_with_our_own_reading(
    tmp_path: Path, name: str, suffix: str
) -> None:
    plan = PLANS.get(name, ClipPlan(frames=30, sound=("aac", "aac")))
    clip = write_clip(tmp_path / f"a-{Path(name).with_suffix('.mp4')}", plan)
    if name == "everything.mkv":
        clip = write_everything(tmp_path / name, clip)
    made = tmp_path / f"b.{suffix}"
    settings = ConvertSettings(preset="ultrafast", segment_s=Fraction(1, 2))
    convert_file(clip, made, UNTOUCHED, settings)
    told, own = probed(made, "-show_chapters"), inspect(made)
    video = next(s for s in told["streams"] if s["codec_type"] == "video")
    times = [p["pts_time"] for p in told["packets"] if p["stream_index"] == video["index"]]
    assert sorted(map(float, times)) == pytest.approx([float(t) for t in own.pts], abs=1e-6)
    assert (video["width"], video["height"]) == (own.width, own.height)
    assert video["pix_fmt"].replace("yuvj", "yuv") == own.pix_fmt.replace("yuvj", "yuv")
    matrix, color_range = own.colour[:2]
    assert video["color_space"] == MATRICES[matrix]
    assert video["color_range"] == {1: "tv", 2: "pc"}[color_range]
    aspect = video.get("sample_aspect_ratio", "1:1").replace(":", "/")
    assert Fraction(aspect) == (own.sample_aspect_ratio or 1)
    assert not any("rotation" in data for data in video.get("side_data_list", []))
    kinds = [s["codec_type"] for s in told["streams"] if s["codec_type"] != "data"]
    others = [s.type for s in own.streams if s.type != "data"]
    assert sorted(kinds) == sorted(["video", *["audio"] * len(own.sound), *others])
    sounds = [s for s in told["streams"] if s["codec_type"] == "audio"]
    for sound, ours in zip(sounds, own.sound, strict=True):
        packets = [p for p in told["packets"] if p["stream_index"] == sound["index"]]
        assert len(packets) == ours.packets
        assert float(packets[0]["pts_time"]) == pytest.approx(ours.start_s, abs=1e-3)
        assert sound.get("tags", {}).get("language", "und") == (ours.language or "und")
    assert [c["tags"]["title"] for c in told["chapters"]] == [c[2] for c in own.chapters]
