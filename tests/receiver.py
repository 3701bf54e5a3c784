"""A receiver of live streams on this machine that reads the time code of what arrives."""

from __future__ import annotations

import socket
import threading
import time
from typing import Self

import av
import numpy as np

from livecartoon.sources.pattern import read_time_code

LISTEN = {
    "udp": {"fflags": "nobuffer", "flags": "low_delay", "probesize": "32768",
            "analyzeduration": "200000"},
    "rtmp": {"listen": "1", "fflags": "nobuffer", "flags": "low_delay", "probesize": "4096",
             "analyzeduration": "0"},
    "rtsp": {"rtsp_flags": "listen", "listen_timeout": "8", "fflags": "nobuffer",
             "flags": "low_delay"},
}  # fmt: skip


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver:
    """Listens at `url` in a thread; notes counter and age in ms of every picture decoded."""

    def __init__(self, scheme: str) -> None:
        port = free_port(socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM)
        self.url = f"{scheme}://127.0.0.1:{port}" + ("" if scheme == "udp" else "/live/card")
        self._scheme = scheme
        self._stop = threading.Event()
        self.counters: list[int] = []
        self.ages_ms: list[int] = []
        self.unreadable = 0
        self.problem = ""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        time.sleep(0.3)  # it must listen before anybody calls
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(12)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with av.open(self.url, options=LISTEN[self._scheme], timeout=(8, 2)) as container:
                container.streams.video[0].codec_context.thread_count = 1
                for frame in container.decode(video=0):
                    self._note(frame)
                    if self._stop.is_set():
                        return
        except (av.FFmpegError, OSError) as error:
            self.problem = str(error)

    def _note(self, frame: av.VideoFrame) -> None:
        now_ms = int(time.monotonic() * 1000)
        code = read_time_code(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
        if code is None:
            self.unreadable += 1
            return
        self.counters.append(code[0])
        self.ages_ms.append((now_ms - code[1]) % 65536)
