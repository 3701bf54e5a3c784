"""Containers, encoders and what our few knobs are called by each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from livecartoon.errors import UsageError

#: File suffix -> muxer.
CONTAINERS = {
    "avi": "avi",
    "gif": "gif",
    "m4v": "mp4",
    "mkv": "matroska",
    "mov": "mov",
    "mp4": "mp4",
    "webm": "webm",
    "webp": "webp",
}
ENCODERS = {
    "av1": "libsvtav1",
    "ffv1": "ffv1",
    "h264": "libx264",
    "hevc": "libx265",
    "prores": "prores_ks",
    "vp9": "libvpx-vp9",
}
PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
)
#: Encoders that cannot take yuv420p.
PIX_FMTS = {
    "dnxhd": "yuv422p",
    "gif": "pal8",
    "huffyuv": "yuv422p",
    "mjpeg": "yuvj420p",
    "png": "rgb24",
    "prores": "yuv422p10le",
    "prores_ks": "yuv422p10le",
    "qtrle": "rgb24",
}
#: Options that hold another list of options, which an encoder only warns about.
NESTED = ("svtav1-params", "x264-params", "x265-params")
#: About the same picture quality as x264's 20.
DEFAULT_CRF = {"libvpx-vp9": 31, "libsvtav1": 30}


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """How the pictures are compressed; None and `auto` = the usual for the container."""

    codec: str = "auto"
    crf: int | None = None
    preset: str = "medium"
    pix_fmt: str | None = None
    """None = yuv420p, or what the encoder asks for."""
    extra: dict[str, str] = field(default_factory=dict)
    """Raw options of the encoder, on top."""
    threads: int = 0
    bitrate: int | None = None
    """Bits per second instead of a quality."""
    dither: bool = False
    """Round to 8-bit planes by a fixed pattern instead of alike everywhere: fills and skies
    keep their mean."""

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise UsageError("E201", f"no preset {self.preset!r}", f"one of: {' '.join(PRESETS)}")
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise UsageError("E201", f"crf {self.crf} is outside 0..63", "lower is better; try 20")


def container_of(path: Path) -> str:
    """Return the muxer for the suffix of `path`, a usage error if we have none."""
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in CONTAINERS:
        raise UsageError(
            "E201",
            f"no container for the suffix {path.suffix!r} of {path.name}",
            f"one of: {' '.join(CONTAINERS)}",
        )
    return CONTAINERS[suffix]


def encoder_of(codec: str, muxer: str) -> str:
    """Return the encoder's name for what the user typed."""
    if codec == "auto":
        return "libvpx-vp9" if muxer == "webm" else "libx264"
    return ENCODERS.get(codec, codec)


def pix_fmt_of(encoder: str, settings: EncoderSettings) -> str:
    """Return the pixel format to encode: the one typed, else the usual one."""
    return settings.pix_fmt or PIX_FMTS.get(encoder, "yuv420p")


def encoder_options(encoder: str, settings: EncoderSettings) -> dict[str, str]:
    """Return the options the encoder is opened with."""
    crf = settings.crf if settings.crf is not None else DEFAULT_CRF.get(encoder, 20)
    step = PRESETS.index(settings.preset)
    options: dict[str, str] = {}
    if encoder in ("libx264", "libx265"):
        options = {"crf": str(crf), "preset": settings.preset, "tune": "animation"}
        if encoder == "libx265":
            options["x265-params"] = "log-level=error"  # it writes to stderr on its own
    elif encoder == "libvpx-vp9":
        pace = ("realtime", 8 - step) if step < 3 else ("good", max(0, min(5, 10 - step)))
        options = {"crf": str(crf), "b": "0", "deadline": pace[0], "cpu-used": str(pace[1])}
        options |= {"row-mt": "1"}
    elif encoder == "libsvtav1":
        options = {"crf": str(crf), "preset": str(min(10, 12 - step))}
    elif encoder.endswith("_nvenc"):
        options = {"rc": "vbr", "cq": str(crf), "b": "0", "preset": "p4", "tune": "hq"}
    if settings.bitrate is not None:
        for name in ("crf", "cq", "b"):
            options.pop(name, None)
    nested = settings.extra.get("x265-params")
    if nested and "x265-params" in options:
        options["x265-params"] += f":{nested}"
        return options | {k: v for k, v in settings.extra.items() if k != "x265-params"}
    return options | settings.extra
