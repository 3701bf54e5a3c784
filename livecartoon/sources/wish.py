"""What a camera is asked for, and in which order of formats."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from livecartoon.sources.devices import CameraInfo
from livecartoon.sources.network import NETWORK_OPTIONS

InputFormat = Literal["auto", "mjpeg", "yuyv"]


@dataclass(frozen=True, slots=True)
class CameraWish:
    """What the camera is asked for; it may grant something else."""

    width: int = 1280
    height: int = 720
    rate: Fraction = Fraction(30)
    input_format: InputFormat = "auto"


def attempts(camera: CameraInfo, wish: CameraWish) -> list[tuple[str, dict[str, str]]]:
    """Return (format name, driver options) in the order of trying."""
    if not camera.driver:
        return [("stream", NETWORK_OPTIONS.get(camera.device.partition("://")[0], {}))]
    granted = {"video_size": f"{wish.width}x{wish.height}", "framerate": str(wish.rate)}
    if camera.driver == "avfoundation":
        return [("nv12", granted | {"pixel_format": "nv12"}), ("any", {"framerate": "30"})]
    key, yuyv_key, yuyv = "input_format", "input_format", "yuyv422"
    if camera.driver == "dshow":
        key, yuyv_key, yuyv = "vcodec", "pixel_format", "yuyv422"
        granted["rtbufsize"] = "64M"
    formats = [("mjpeg", granted | {key: "mjpeg"}), ("yuyv", granted | {yuyv_key: yuyv})]
    if wish.input_format == "yuyv":
        formats.reverse()
    return [*formats, ("any", granted), ("any", {})]
