"""The picture as a camera that other programs can choose."""

from __future__ import annotations

import errno
import sys
import threading
import time
from contextlib import suppress
from fractions import Fraction
from typing import Protocol

import av
import av.container
import av.video.frame
import av.video.reformatter
import av.video.stream
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from livecartoon.errors import DeviceError
from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.base import Sink
from livecartoon.sources.base import VideoInfo

JOIN_S = 1.0
USUAL_RATE = Fraction(30)
BT601 = 5
"""What programs assume of a camera that does not say."""


class CameraWriter(Protocol):
    """Takes pictures for a virtual camera."""

    def write(self, pixels: Pixels) -> None:
        """Show `pixels`; DeviceError."""
        ...

    def close(self) -> None:
        """Release the device."""
        ...


class VcamSink(Sink):
    """Feeds a virtual camera at a constant rate: the last picture again while none comes.

    Programs on the other side expect a camera that never pauses, so a thread of its own beats
    time. On closing the camera shows one black picture, not a frozen face.
    """

    def __init__(self, device: str, info: VideoInfo, rate: Fraction | None = None) -> None:
        self._rate = rate or info.rate or USUAL_RATE
        self._shape = (info.height, info.width, 3)
        self._writer = open_writer(device, info.width, info.height, self._rate)
        self._newest: Pixels | None = None
        self._failure: DeviceError | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="vcam", daemon=True)
        self._thread.start()
        self._is_open = True

    def write(self, frame: Frame) -> None:
        """Show `frame` from the next beat on."""
        if self._failure is not None:
            raise self._failure
        if frame.pixels.shape != self._shape:
            raise ValueError(f"frame of {frame.pixels.shape}, not {self._shape}")
        self._newest = frame.pixels.copy()

    def close(self) -> None:
        """Show black, release the device."""
        if not self._is_open:
            return
        self._is_open = False
        self._stopped.set()
        self._thread.join(JOIN_S)
        with suppress(DeviceError):
            self._writer.write(np.zeros(self._shape, np.uint8))
        self._writer.close()

    def _beat(self) -> None:
        due_s = time.monotonic()
        while not self._stopped.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + float(1 / self._rate), time.monotonic())
            if self._newest is None:
                continue
            try:
                self._writer.write(self._newest)
            except DeviceError as error:
                self._failure = error
                return


def open_writer(device: str, width: int, height: int, rate: Fraction) -> CameraWriter:
    """Open the virtual camera of this system; DeviceError (E805)."""
    if sys.platform.startswith("linux"):
        return LoopbackWriter(device, width, height, rate)
    return PackageWriter(device, width, height, rate)


class LoopbackWriter:
    """Writes yuv420p into a v4l2loopback device through PyAV."""

    def __init__(self, device: str, width: int, height: int, rate: Fraction) -> None:
        self._device = device
        self._reformatter = VideoReformatter()
        self._count = 0
        try:
            self._container = open_device(device)
            self._stream = self._container.add_stream("rawvideo", rate=rate)
            assert isinstance(self._stream, av.video.stream.VideoStream)
            self._stream.width, self._stream.height = width, height
            self._stream.pix_fmt = "yuv420p"
            self._container.start_encoding()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._error(error) from error

    def write(self, pixels: Pixels) -> None:
        """Convert and write one picture."""
        rgb = av.VideoFrame.from_numpy_buffer(pixels, format="rgb24")
        picture = self._reformatter.reformat(
            rgb,
            format="yuv420p",
            src_colorspace=BT601,
            dst_colorspace=BT601,
            src_color_range=2,
            dst_color_range=1,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        picture.pts = self._count
        picture.time_base = self._stream.codec_context.time_base
        self._count += 1
        try:
            for packet in self._stream.encode(picture):
                self._container.mux_one(packet)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._error(error) from error

    def close(self) -> None:
        """Release the device."""
        with suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()

    def _error(self, error: Exception) -> DeviceError:
        said = getattr(error, "strerror", None) or str(error)
        if getattr(error, "errno", None) == errno.EBUSY:
            return DeviceError(
                "E805", f"{self._device} is fed by another program", "--vcam DEVICE for another"
            )
        return DeviceError(
            "E805",
            f"the virtual camera {self._device} does not take the picture ({said})",
            "sudo modprobe -r v4l2loopback && "
            "sudo modprobe v4l2loopback exclusive_caps=1 card_label=livecartoon",
        )


def open_device(device: str) -> av.container.OutputContainer:
    """Open a loopback device for writing."""
    return av.open(device, "w", format="v4l2")


class PackageWriter:
    """Windows and macOS: the package pyvirtualcam, which feeds OBS's virtual camera."""

    def __init__(self, device: str, width: int, height: int, rate: Fraction) -> None:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise DeviceError(
                "E805", "pyvirtualcam is not installed", 'pip install "livecartoon[vcam]"'
            ) from error
        try:
            self._camera = pyvirtualcam.Camera(
                width=width, height=height, fps=float(rate), device=device or None
            )
        except (RuntimeError, ValueError) as error:  # its words for "no such device"
            raise DeviceError(
                "E805",
                f"no virtual camera: {error}",
                "install OBS Studio and start its virtual camera once",
            ) from error

    def write(self, pixels: Pixels) -> None:
        """Hand one picture over."""
        try:
            self._camera.send(pixels)
        except (RuntimeError, OSError) as error:
            raise DeviceError(
                "E805", f"the virtual camera failed: {error}", "start it again in OBS Studio"
            ) from error

    def close(self) -> None:
        """Release the device."""
        self._camera.close()
