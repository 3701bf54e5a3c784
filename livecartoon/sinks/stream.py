"""The picture as a live stream to an RTMP, RTSP or UDP receiver."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from contextlib import suppress
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from livecartoon.escape import without_secrets
from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.base import Sink
from livecartoon.sources.base import VideoInfo

log = logging.getLogger(__name__)
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 8.0
CONNECT_S = 10.0
"""A receiver that has not answered by then is called again."""
GOODBYE_S = 0.5
USUAL_RATE = Fraction(30)
TIME_BASE = Fraction(1, 90_000)
BT709 = 1


class StreamSink(Sink):
    """Sends H.264 without delay; a lost receiver is called again, ever slower.

    Encoding and sending happen in a process of their own (`sender` says why). While the receiver
    is away pictures are dropped, and `trouble` says so. `stop`, from any thread, ends it at once.
    """

    def __init__(self, url: str, info: VideoInfo, rate: Fraction | None = None) -> None:
        self.shown = without_secrets(url)
        self.trouble = "connecting"
        self.lost = 0
        """Pictures that came while there was nobody to send to."""
        self.reconnects = -1
        self._url, self._rate = url, rate or info.rate or USUAL_RATE
        self._pad = (-info.height % 2, -info.width % 2)
        self._size = (info.width + self._pad[1], info.height + self._pad[0])
        self._reformatter = VideoReformatter()
        self._stopped = threading.Event()
        self._sender: _Sender | None = None
        self._next_try_s = 0.0
        self._delay_s = FIRST_DELAY_S
        self._is_loss_told = False

    def write(self, frame: Frame) -> None:
        """Send one frame, or drop it while there is no connection."""
        sender = self._sender or self._call()
        if sender is None or not self._is_ready(sender):
            self.lost += 1
            return
        try:
            sender.send(frame.pts * frame.time_base, self._planes(frame.pixels))
        except OSError:  # it has ended; its last words are still to be read
            self._lose(sender.last_words())

    def stop(self) -> None:
        """Stop sending and do not call the receiver again."""
        self._stopped.set()
        if (sender := self._sender) is not None:
            sender.hang_up()

    def close(self) -> None:
        """End the stream in order."""
        self._stopped.set()
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()

    def _call(self) -> _Sender | None:
        if self._stopped.is_set() or time.monotonic() < self._next_try_s:
            return None
        self._sender = _Sender(self._url, self._size, self._rate)
        return self._sender

    def _is_ready(self, sender: _Sender) -> bool:
        """Whether the receiver has answered; notes when it did, and when it never will."""
        is_deaf = not sender.is_connected and sender.age_s > CONNECT_S
        if sender.failure or sender.has_ended or is_deaf:
            self._lose(sender.failure or "no answer")
        elif sender.is_connected and self.trouble:
            self.reconnects += 1
            self.trouble, self._delay_s, self._is_loss_told = "", FIRST_DELAY_S, False
        return sender.is_connected and self._sender is sender

    def _lose(self, reason: str) -> None:
        """Note the reason, tell it once per loss, and wait longer each time."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()
        if not self._stopped.is_set() and not self._is_loss_told:
            log.warning("stream %s: %s; trying again", self.shown, reason)
            self._is_loss_told = True
        self.trouble = f"RETRYING ({reason})"
        self._next_try_s = time.monotonic() + self._delay_s
        self._delay_s = min(LONGEST_DELAY_S, 2 * self._delay_s)

    def _planes(self, pixels: Pixels) -> bytes:
        if any(self._pad):
            pixels = np.pad(pixels, ((0, self._pad[0]), (0, self._pad[1]), (0, 0)), mode="edge")
        picture = self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), format="rgb24"),
            format="yuv420p",
            src_colorspace=BT709,
            dst_colorspace=BT709,
            src_color_range=2,
            dst_color_range=1,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        return np.asarray(picture.to_ndarray(), np.uint8).tobytes()


class _Sender:
    """One process with one connection, and the thread that hears what it says."""

    def __init__(self, url: str, size: tuple[int, int], rate: Fraction) -> None:
        self.is_connected = False
        self.failure = ""
        self._start_s = time.monotonic()
        self._first_s: Fraction | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "livecartoon.sinks.sender"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        task = {"url": url, "width": size[0], "height": size[1], "rate": str(rate)}
        with suppress(OSError):  # its thread will hear why
            self._feed(f"{json.dumps(task)}\n".encode())
        self._listener = threading.Thread(target=self._listen, name="stream", daemon=True)
        self._listener.start()

    @property
    def age_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._start_s

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def send(self, seconds: Fraction, planes: bytes) -> None:
        """Hand over one picture; the first one is at time zero. OSError when it has ended."""
        if self._first_s is None:
            self._first_s = seconds
        pts = round((seconds - self._first_s) / TIME_BASE)
        self._feed(pts.to_bytes(8, "little", signed=True), planes)

    def last_words(self) -> str:
        """Wait for what the process says before it ends."""
        self._listener.join(GOODBYE_S)
        return self.failure or "the connection broke"

    def hang_up(self) -> None:
        """End the process if it does not end by itself soon; from any thread."""
        timer = threading.Timer(GOODBYE_S, self._process.kill)
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """Let the process say goodbye, end it if it does not."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(GOODBYE_S)
        self._process.stdout.close()

    def _feed(self, *parts: bytes) -> None:
        assert self._process.stdin is not None
        for part in parts:
            self._process.stdin.write(part)
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, _, rest = line.decode(errors="replace").strip().partition(" ")
            if word == "connected":
                self.is_connected = True
            elif word == "failed":
                self.failure = rest
