"""Everything the tests look at is drawn here: no binary in the repository."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def drawn_photo(width: int, height: int) -> NDArray[np.uint8]:
    """A sky gradient, a house and a sun, with a little noise: uint8 RGB (H, W, 3)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    sky = np.stack([90 + 90 * y / height, 140 + 60 * y / height, 235 - 40 * y / height], -1)
    sun = np.hypot(x - 0.75 * width, y - 0.25 * height) < 0.12 * min(width, height)
    house = (np.abs(x - 0.35 * width) < 0.2 * width) & (y > 0.5 * height)
    picture = np.where(sun[..., None], np.float32([255, 230, 120]), sky)
    picture = np.where(house[..., None], np.float32([170, 60, 50]), picture)
    noise = np.random.default_rng(7).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def write_unpaired(folder: Path, count: int = 4, side: int = 72) -> Path:
    """A data folder of drawn photos and flat cartoons with everything that any recipe needs."""
    import cv2

    names = ("photos", "cartoons", "smoothed", "saliency_photos", "saliency_cartoons")
    for name in names:
        (folder / name).mkdir(parents=True)
    for index in range(count):
        photo = np.roll(drawn_photo(side, side), 11 * index, 1)
        cartoon = moving_picture(5 * index, side, side)
        saliency = (photo[..., 0] > 128).astype(np.uint8) * 255
        pictures = (photo, cartoon, cv2.GaussianBlur(cartoon, (5, 5), 0), saliency, saliency)
        for name, picture in zip(names, pictures, strict=True):
            stored = picture[..., ::-1] if picture.ndim == 3 else picture
            cv2.imwrite(str(folder / name / f"{index:02d}.png"), stored)
    return folder


def write_student(path: Path, tier: str = "nano", seed: int = 0) -> Path:
    """Store an untrained student as a weights file with a full header."""
    import torch

    from livecartoon.models.checkpoint import write_checkpoint
    from livecartoon.models.inkstyle import InkStyle
    from livecartoon.models.student import STUDENTS, Student

    torch.manual_seed(seed)
    student = Student(STUDENTS[tier]).fuse()
    tensors = {name: t.numpy().astype(np.float16) for name, t in student.state_dict().items()}
    header = {
        "style": path.stem,
        "arch": "student",
        "tier": tier,
        "arch_config": json.dumps(student.config_dict()),
        "ink": json.dumps(asdict(InkStyle())),
        "license": "none",
    }
    write_checkpoint(path, tensors, header)
    return path


def write_sibling(source: Path, path: Path, seed: int = 0, **changes: dict[str, Any]) -> Path:
    """Store a student whose parameters lie near those of `source`; `changes` to header fields."""
    from livecartoon.models.checkpoint import read_checkpoint, write_checkpoint

    found = read_checkpoint(source)
    rng = np.random.default_rng(seed)
    tensors = {
        name: (t + 0.3 * t.std() * rng.standard_normal(t.shape)).astype(t.dtype)
        for name, t in sorted(found.tensors.items())
    }
    changed = {key: json.dumps(found.json_field(key) | value) for key, value in changes.items()}
    write_checkpoint(path, tensors, found.header | {"style": path.stem} | changed)
    return path


def warm_lattice(size: int = 17) -> NDArray[np.float32]:
    """A colour table that mixes its axes: warm, brighter in the middle, never flat."""
    from livecartoon.models.cube import identity_lattice

    red, green, blue = np.moveaxis(identity_lattice(size), -1, 0)
    graded = [red**0.8, 0.85 * green**1.1 + 0.1 * red * blue, 0.75 * blue**1.3 + 0.08]
    return np.stack(graded, -1).astype(np.float32)


def write_family(folder: Path) -> Path:
    """Store the styles `one`, its sibling `two`, a `stranger`, and `bigger` in another tier.

    Returns the folder of their weights, named NAME.safetensors.
    """
    weights = folder / "weights"
    weights.mkdir(parents=True)
    one = write_student(weights / "one.safetensors", seed=1)
    write_sibling(one, weights / "two.safetensors", ink={"strength": 1.0, "tone": [0.0, 0.1, 0.2]})
    write_student(weights / "stranger.safetensors", seed=2)
    entries = [
        f'[styles.{name}]\nfiles = {{ {tier} = "{file}.safetensors" }}\n'
        f'strength = {strength}\nlicense = "{licence}"\n'
        for name, tier, file, strength, licence in (
            ("one", "nano", "one", 1.0, "CC0-1.0"),
            ("two", "nano", "two", 0.5, "MIT"),
            ("stranger", "nano", "stranger", 1.0, "MIT"),
            ("bigger", "small", "one", 1.0, "MIT"),
        )
    ]
    (folder / "styles.toml").write_text("\n".join(entries), encoding="utf-8")
    return weights


def write_paper(path: Path, name: str = "cartoongan-tiny", seed: int = 0, **fields: str) -> Path:
    """Store an untrained generator of a paper as a weights file; `fields` of its header."""
    import torch

    from livecartoon.models.papers import build_generator
    from trainer.export_paper import export_generator

    torch.manual_seed(seed)
    rights = {"style": path.stem, "license": "none", "license_data": "no pictures"}
    export_generator(build_generator(name), path, **(rights | fields))  # type: ignore[arg-type]
    return path


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What a drawn clip looks like; the defaults are a plain half second with sound."""

    width: int = 96
    height: int = 64
    rate: int = 25
    frames: int = 12
    pts: tuple[int, ...] | None = None
    """Times in 1/`ticks` s, one per frame; None = constant rate."""
    ticks: int = 12800
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    options: tuple[tuple[str, str], ...] = (("crf", "12"), ("preset", "ultrafast"))
    colour: tuple[int, int, int, int] = (6, 1, 6, 6)
    """Matrix, range, primaries, transfer: H.273 code points, 0 = untagged range, 2 = untagged."""
    rotation: int = 0
    aspect: Fraction | None = None
    sound: tuple[str, ...] = ("aac",)
    """Encoder of each sound track."""
    key_frames: int = 12


def moving_picture(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """A flat cartoon whose disc walks with `index`: uint8 RGB (H, W, 3)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = np.where((y < 0.6 * height)[..., None], (90, 150, 230), (60, 140, 70))
    radius = 0.22 * min(width, height)
    far = np.hypot(x - (0.2 + 0.03 * index) % 1.0 * width, y - 0.45 * height)
    picture[far < radius] = (20, 20, 30)
    picture[far < radius - 2] = (225, 60, 50)
    return picture


def write_clip(path: Path, plan: ClipPlan | None = None) -> Path:
    """Encode the drawn clip of `plan` with its tone into `path`."""
    import av
    from av.codec.context import Flags

    plan = plan or ClipPlan()
    with av.open(str(path), "w", container_options=_muxer_options(path, plan)) as container:
        video = container.add_stream(plan.codec, rate=plan.rate, options=dict(plan.options))
        video.width, video.height, video.pix_fmt = plan.width, plan.height, plan.pix_fmt
        context = video.codec_context
        context.time_base = video.time_base = Fraction(1, plan.ticks)
        context.gop_size = plan.key_frames
        context.flags |= Flags.frame_duration
        context.colorspace, context.color_range = plan.colour[:2]
        context.color_primaries, context.color_trc = plan.colour[2:]
        if plan.aspect:
            context.sample_aspect_ratio = plan.aspect
        if plan.rotation:
            video.set_display_rotation(plan.rotation)
        tracks = [container.add_stream(name, rate=48000, layout="stereo") for name in plan.sound]
        for number, track in enumerate(tracks):
            track.metadata["language"] = ("eng", "deu", "fra")[number % 3]
        _write_pictures(container, video, plan)
        for number, track in enumerate(tracks):
            _write_tone(container, track, plan, 440.0 * (number + 1))
    return path


def _muxer_options(path: Path, plan: ClipPlan) -> dict[str, str]:
    if path.suffix not in (".mp4", ".mov"):
        return {}
    return {"video_track_timescale": str(plan.ticks), "movie_timescale": str(plan.ticks)}


def _write_pictures(container: Any, video: Any, plan: ClipPlan) -> None:
    import av

    step = plan.ticks // plan.rate
    times = plan.pts or tuple(step * index for index in range(plan.frames))
    matrix = plan.colour[0] if plan.colour[0] != 2 else 6
    for index, pts in enumerate(times):
        rgb = av.VideoFrame.from_ndarray(moving_picture(index, plan.width, plan.height))
        frame = rgb.reformat(
            format=plan.pix_fmt,
            dst_colorspace=matrix,
            dst_color_range=plan.colour[1] or 1,
            src_color_range=2,
        )
        frame.pts, frame.time_base = pts, Fraction(1, plan.ticks)
        frame.duration = times[index + 1] - pts if index + 1 < len(times) else step
        container.mux(video.encode(frame))
    container.mux(video.encode(None))


def _write_tone(container: Any, track: Any, plan: ClipPlan, hertz: float) -> None:
    import av

    seconds = (plan.pts[-1] / plan.ticks + 0.04) if plan.pts else plan.frames / plan.rate
    t = np.arange(round(48000 * seconds)) / 48000
    wave = (0.2 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)
    fifo = av.AudioFifo()
    whole = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
    whole.sample_rate, whole.pts = 48000, 0
    resampler = av.AudioResampler(track.format, "stereo", 48000)
    for part in resampler.resample(whole):
        fifo.write(part)
    for part in fifo.read_many(track.codec_context.frame_size or 1024, partial=True):
        container.mux(track.encode(part))
    container.mux(track.encode(None))


def damage(path: Path, share: float, seed: int = 0, *, start: float = 0.0) -> Path:
    """Overwrite `share` of the bytes behind `start` (share of the file) with noise, in place."""
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    first = int(start * len(content))
    for at in rng.integers(first, len(content), max(1, int(share * len(content)))):
        content[at] = int(rng.integers(0, 256))
    path.write_bytes(bytes(content))
    return path


def cut_off(path: Path, share: float) -> Path:
    """Keep only the first `share` of the file's bytes, in place."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path
