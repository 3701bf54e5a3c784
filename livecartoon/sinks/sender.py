"""Sends a live stream; runs as a process of its own, fed through its standard input.

PyAV opens, heads and closes an output while it holds Python's lock: one receiver that does not
answer would stop the whole live picture. Here it stops nobody else, and can be ended at once.
"""

from __future__ import annotations

import json
import signal
import struct
import sys
from contextlib import suppress
from fractions import Fraction
from typing import BinaryIO

import av
import av.container
import av.video.stream
import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.uint8]
#: Scheme -> muxer.
MUXERS = {"rtmp": "flv", "rtmps": "flv", "rtsp": "rtsp", "udp": "mpegts"}
TIME_BASE = Fraction(1, 90_000)
ENCODER = "libx264"
OPTIONS = {"preset": "superfast", "tune": "zerolatency", "crf": "23"}
"""No B-frames, no look-ahead: a picture leaves the encoder in the call that brings it."""
MUXER_OPTIONS = {
    "flv": {"flvflags": "no_duration_filesize", "flush_packets": "1"},
    # With its length stated, a picture is complete when its last byte arrives, not when the
    # next one begins.
    "mpegts": {"flush_packets": "1", "omit_video_pes_length": "0"},
    "rtsp": {"rtsp_transport": "tcp"},
}
UDP_PACKET = "pkt_size=1316"
"""Seven transport packets: larger ones are split by most networks."""
LINK_ERRORS = (av.FFmpegError, OSError, ValueError)
BT709 = 1
HEADER = struct.Struct("<q")
CONNECTED, FAILED = "connected", "failed"


class Link:
    """One connection with its own encoder, so that it starts with a key frame and headers."""

    def __init__(self, url: str, width: int, height: int, rate: Fraction) -> None:
        muxer = MUXERS[url.partition("://")[0]]
        self._last_pts = -1
        self._container = av.open(
            complete(url), "w", format=muxer, container_options=MUXER_OPTIONS[muxer]
        )
        try:
            self._stream = self._add_video(width, height, rate)
            self._container.start_encoding()
        except LINK_ERRORS:
            self.discard()
            raise

    def _add_video(self, width: int, height: int, rate: Fraction) -> av.video.stream.VideoStream:
        stream = self._container.add_stream(ENCODER, rate=rate)
        assert isinstance(stream, av.video.stream.VideoStream)
        context = stream.codec_context
        context.width, context.height = width, height
        context.pix_fmt = "yuv420p"
        context.time_base = TIME_BASE
        context.gop_size = max(1, round(rate))  # whoever joins waits a second at most
        context.colorspace, context.color_range = BT709, 1
        context.options = OPTIONS
        return stream

    def send(self, pts: int, planes: Planes) -> None:
        """Encode and send one picture, yuv420p planes (3/2 H, W) at `pts` in TIME_BASE."""
        picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        picture.pts = self._last_pts = max(self._last_pts + 1, pts)
        picture.time_base = TIME_BASE
        picture.colorspace, picture.color_range = BT709, 1
        for packet in self._stream.encode(picture):
            self._container.mux_one(packet)

    def close(self) -> None:
        """Send what the encoder holds and say goodbye."""
        with suppress(*LINK_ERRORS):
            for packet in self._stream.encode(None):
                self._container.mux_one(packet)
        self.discard()

    def discard(self) -> None:
        """Drop the connection."""
        with suppress(*LINK_ERRORS):
            self._container.close()


def complete(url: str) -> str:
    """Return `url` with what its scheme needs."""
    if not url.startswith("udp://") or "pkt_size" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}{UDP_PACKET}"


def serve(feed: BinaryIO, answers: BinaryIO) -> None:
    """Read the task and then pictures from `feed` until it ends; say how it goes."""
    task = json.loads(feed.readline())
    width, height = int(task["width"]), int(task["height"])
    try:
        link = Link(task["url"], width, height, Fraction(task["rate"]))
        answers.write(f"{CONNECTED}\n".encode())
        answers.flush()
        while len(head := feed.read(HEADER.size)) == HEADER.size:
            data = feed.read(width * height * 3 // 2)
            if len(data) < width * height * 3 // 2:
                break
            planes = np.frombuffer(data, np.uint8).reshape(height * 3 // 2, width)
            link.send(HEADER.unpack(head)[0], planes)
        link.close()
    except LINK_ERRORS as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        answers.write(f"{FAILED} {reason}\n".encode())
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who feeds us decides when to end
    serve(sys.stdin.buffer, sys.stdout.buffer)
