"""A camera, or a live stream from the network, through PyAV."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import av.container
import av.video.frame
import av.video.reformatter
import numpy as np

from livecartoon.errors import DeviceError, InputError
from livecartoon.escape import without_secrets
from livecartoon.frame import Frame
from livecartoon.sources.base import Source, VideoInfo
from livecartoon.sources.devices import CameraInfo, find_camera, holder_of, list_cameras
from livecartoon.sources.network import (
    NETWORK_SCHEMES,
    NETWORK_TIMEOUT_S,
    STDIN,
    unreachable,
)
from livecartoon.sources.paced import Pace
from livecartoon.sources.wish import CameraWish, InputFormat, attempts

__all__ = [
    "CameraInfo",
    "CameraSource",
    "CameraWish",
    "InputFormat",
    "find_camera",
    "list_cameras",
]

log = logging.getLogger(__name__)
TIME_BASE = Fraction(1, 1_000_000)
GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 5.0
NOT_READY_S = 0.004
MOST_QUEUED_S = 1.0
"""A driver's stamp that is older than this is of another clock."""


class CameraSource(Source):
    """Frames as the driver delivers them, stamped when they are taken out of it.

    The thread that iterates must do nothing else: a driver nobody reads keeps old frames, and
    every later one is late by as much. `stop` ends the iteration from another thread.
    """

    def __init__(
        self,
        camera: str | CameraInfo = "",
        wish: CameraWish | None = None,
        *,
        reconnect_s: float = 30.0,
        on_state: Callable[[str], None] | None = None,
    ) -> None:
        self.camera = camera if isinstance(camera, CameraInfo) else _resolve(camera)
        self._wish = wish or CameraWish()
        self._reconnect_s = reconnect_s
        self._on_state = on_state or (lambda _: None)
        self._stopped = threading.Event()
        self._reformatter = av.video.reformatter.VideoReformatter()
        self._start_s = time.monotonic()
        self._last_pts = -1
        self.reconnects = 0
        self._container: av.container.InputContainer | None = None
        self.format = self._open()
        self._pace = Pace() if self._is_recorded() else None
        self.info = self._describe()

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until `stop`; raises DeviceError (E804) when the camera stays away."""
        while not self._stopped.is_set():
            reason = "it sends no more pictures"
            try:
                yield from self._read()
            except (av.FFmpegError, OSError) as error:
                reason = _words(error)
            if self._pace is not None:  # recorded: this is its end
                return
            if not self._stopped.is_set():
                self._reconnect(reason)

    def stop(self) -> None:
        """End the iteration after the frame being read, from any thread."""
        self._stopped.set()

    def close(self) -> None:
        """Release the camera; only from the thread that iterates, or after it has ended."""
        self._stopped.set()
        self._release()

    def _release(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None

    def _open(self) -> str:
        """Open the device with the best format it takes; return that format's name."""
        problem: Exception | None = None
        for name, options in attempts(self.camera, self._wish):
            try:
                self._container = _open_container(self.camera, options)
            except (av.FFmpegError, OSError, ValueError) as error:
                if not self._is_in_network():
                    _raise_if_final(self.camera, error)
                log.debug("%s does not open as %s: %s", self.camera.name, name, _words(error))
                problem = error
                continue
            if self._container.streams.video:
                return name
            self._release()
        if self._is_in_network():
            raise unreachable(self.camera.device, problem) from problem
        text = f"cannot open the camera {self.camera.name}"
        reason = _words(problem) if problem else "it has no picture"
        raise DeviceError("E801", f"{text}: {reason}", "livecartoon devices") from problem

    def _describe(self) -> VideoInfo:
        assert self._container is not None
        stream = self._container.streams.video[0]
        rate = stream.average_rate
        return VideoInfo(
            stream.codec_context.width or self._wish.width,
            stream.codec_context.height or self._wish.height,
            TIME_BASE,
            Fraction(rate.numerator, rate.denominator) if rate else None,
            is_live=True,
            codec=stream.codec_context.name,
        )

    def _read(self) -> Iterator[Frame]:
        """Yield frames of the open container until it ends or fails."""
        assert self._container is not None
        stream = self._container.streams.video[0]
        stream.thread_type = "SLICE"  # frame threads would hold one frame back each
        packets = self._container.demux(stream)
        while not self._stopped.is_set():
            try:
                packet = next(packets)
            except StopIteration:
                return
            except BlockingIOError:  # AVFoundation has no frame yet
                time.sleep(NOT_READY_S)
                packets = self._container.demux(stream)
                continue
            captured_s = time.monotonic()
            try:
                pictures = packet.decode()
            except av.InvalidDataError:  # cameras often start with half a picture
                continue
            if self.camera.driver == "v4l2":
                captured_s = driver_stamp_s(packet.pts, packet.time_base, captured_s)
            for picture in pictures:
                yield self._frame(picture, self._in_time(picture, captured_s))

    def _is_recorded(self) -> bool:
        """Whether pictures come as fast as they are read and must be held back."""
        assert self._container is not None
        return self.camera.device == STDIN or bool(
            not self.camera.driver and self._container.duration
        )

    def _in_time(self, picture: av.video.frame.VideoFrame, captured_s: float) -> float:
        """Wait for the picture's time if it was recorded; return when it counts as captured."""
        if self._pace is None or picture.time is None:
            return captured_s
        self._stopped.wait(self._pace.wait_s(picture.time, time.monotonic()))
        return time.monotonic()

    def _frame(self, picture: av.video.frame.VideoFrame, captured_s: float) -> Frame:
        rgb = self._reformatter.reformat(
            picture, self.info.width, self.info.height, "rgb24", threads=1
        )
        pts = max(self._last_pts + 1, round((captured_s - self._start_s) / TIME_BASE))
        self._last_pts = pts
        pixels = np.ascontiguousarray(rgb.to_ndarray(), dtype=np.uint8)
        return Frame(pixels, pts, TIME_BASE, 0, captured_s)

    def _reconnect(self, reason: str) -> None:
        """Open the same camera again, waiting longer each time; raises DeviceError (E804)."""
        self._release()
        log.warning("camera %s lost: %s", self.camera.name, reason)
        self._on_state(f"camera lost: {reason}")
        deadline_s = time.monotonic() + self._reconnect_s
        delay_s = FIRST_DELAY_S
        while time.monotonic() + delay_s <= deadline_s and not self._stopped.wait(delay_s):
            delay_s = min(LONGEST_DELAY_S, delay_s * 2)
            try:
                self.camera = _found_again(self.camera)
                self._open()
            except DeviceError as error:
                log.debug("not back yet: %s", error.message)
                continue
            self.reconnects += 1
            self._on_state("")
            return
        if not self._stopped.is_set():
            raise DeviceError(
                "E804",
                f"camera {self.camera.name} lost: {reason}, and not back in "
                f"{self._reconnect_s:g} s",
                "is it on, and in this network?" if self._is_in_network() else "check its cable",
                "--reconnect 5m",
            )

    def _is_in_network(self) -> bool:
        return not self.camera.driver and self.camera.device != STDIN


def driver_stamp_s(pts: int | None, time_base: Fraction | None, now_s: float) -> float:
    """Return when the driver filled a buffer that was taken at `now_s`, on the monotonic clock.

    `now_s` where the stamp is of another clock, or of one that was set meanwhile.
    """
    if pts is None or not time_base:
        return now_s
    stamp_s = float(pts * time_base)
    return stamp_s if now_s - MOST_QUEUED_S <= stamp_s <= now_s else now_s


def _found_again(camera: CameraInfo) -> CameraInfo:
    """Return the same camera, which may have another device path after it was plugged in."""
    if camera.driver != "v4l2":
        return camera
    present = list_cameras()
    for key in ("id", "name"):
        same = [c for c in present if getattr(c, key) == getattr(camera, key)]
        if len(same) == 1:
            return same[0]
    return camera


def _resolve(text: str) -> CameraInfo:
    if text == "-":
        return CameraInfo(0, "-", "standard input", STDIN, "")
    if text.startswith(NETWORK_SCHEMES):
        shown = without_secrets(text)
        return CameraInfo(0, shown, shown, text, "")
    return find_camera(text)


def _open_container(camera: CameraInfo, options: dict[str, str]) -> av.container.InputContainer:
    if camera.device == STDIN:
        return av.open(camera.device, options=options)
    if not camera.driver:
        return av.open(camera.device, options=options, timeout=NETWORK_TIMEOUT_S)
    return av.open(camera.device, format=camera.driver, options=options)


def _raise_if_final(camera: CameraInfo, error: Exception) -> None:
    """Raise the DeviceError for failures that another format cannot cure."""
    if camera.device == STDIN:
        raise InputError(
            "E307", f"standard input is empty or no media: {_words(error)}", "--camera FILE"
        ) from error
    number = getattr(error, "errno", None)
    if isinstance(error, PermissionError):
        raise DeviceError(
            "E803",
            f"no permission for the camera {camera.name} ({camera.device})",
            "sudo usermod -aG video $USER, then log in again"
            if camera.driver == "v4l2"
            else "allow this terminal to use the camera in the privacy settings",
        ) from error
    if number == errno.EBUSY or "busy" in str(error).lower():
        holder = holder_of(camera.device)
        by = f" by {holder}" if holder else ""
        raise DeviceError(
            "E802",
            f"the camera {camera.name} is in use{by}",
            "close the other program",
            "--camera N for another camera",
        ) from error
    if number in GONE:
        raise DeviceError(
            "E801", f"no camera at {camera.device}", "livecartoon devices", "--camera pattern:"
        ) from error


def _words(error: Exception) -> str:
    """Return the library's own reason, without its number and file name."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
