"""Cameras in the network, played by this process: the drawn card over HTTP and RTSP."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Self

import av
import numpy as np

from livecartoon.frame import Pixels
from livecartoon.sinks.web import jpeg
from livecartoon.sources.pattern import Painter

WIDTH, HEIGHT, RATE = 320, 180, 30
H264 = {"preset": "superfast", "tune": "zerolatency", "x264-params": "repeat-headers=1"}
"""Headers with every key frame: whoever joins needs them."""
SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=card\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
    "a=control:trackID=0\r\n"
)
RTP_BYTES = 65536


class NetworkCamera:
    """Serves the card to whoever connects at `url`; `hang_up` breaks all connections."""

    def __init__(self, kind: str) -> None:
        self._server = _Server(("127.0.0.1", 0), HANDLERS[kind])
        port = self._server.server_address[1]
        self.url = f"{kind.partition('-')[0]}://127.0.0.1:{port}/card"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def hang_up(self) -> None:
        """Break the connections there are; new ones are taken."""
        self._server.hang_up.set()
        self._server.hang_up = threading.Event()

    def stop(self) -> None:
        """Break the connections and take no more."""
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up.set()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join(10)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        self.hang_up = threading.Event()
        super().__init__(address, handler)


class _Handler(socketserver.StreamRequestHandler, ABC):
    def handle(self) -> None:
        with suppress(ConnectionError, av.FFmpegError):  # the guest has gone
            self.serve()

    @abstractmethod
    def serve(self) -> None:
        """Answer one guest until it or the server leaves."""

    def request_lines(self) -> list[str]:
        """Read one request: its lines, none at the end."""
        lines = []
        while line := self.rfile.readline().decode().strip():
            lines.append(line)
        return lines

    def answer(self, text: str) -> None:
        self.wfile.write(text.encode())

    def card(self) -> Iterator[Pixels]:
        """Pictures in real time until the server hangs up."""
        painter, start_s, hang_up = Painter(WIDTH, HEIGHT), time.monotonic(), self.server.hang_up
        for index in range(10_000):
            if hang_up.wait(max(0.0, start_s + index / RATE - time.monotonic())):
                return
            yield painter.paint(index, index / RATE, int(time.monotonic() * 1000))

    def encode(self, target: object, muxer: str, **options: str) -> None:
        """Encode the card into `target`."""
        with av.open(target, "w", format=muxer, container_options=options) as container:
            stream = container.add_stream("libx264", rate=RATE, options=H264)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.codec_context.gop_size = RATE // 2
            for index, pixels in enumerate(self.card()):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, RATE)
                container.mux(stream.encode(frame))


class _Writer:
    """All that PyAV needs of a file."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def write(self, data: bytes) -> int:
        self._connection.sendall(data)
        return len(data)


class _Transport(_Handler):
    """An MPEG transport stream."""

    def serve(self) -> None:
        self.request_lines()
        self.answer("HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
        self.encode(_Writer(self.request), "mpegts", flush_packets="1", omit_video_pes_length="0")


class _Jpegs(_Handler):
    """What most cameras with a page send."""

    def serve(self) -> None:
        self.request_lines()
        self.answer(
            "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=part\r\n\r\n"
        )
        for pixels in self.card():
            data = jpeg(pixels)
            self.answer(
                f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            )
            self.wfile.write(data + b"\r\n")


class _Rtsp(_Handler):
    """RTSP with RTP inside the connection (RFC 2326, 10.12): as much as a player asks for."""

    def serve(self) -> None:
        while lines := self.request_lines():
            method = lines[0].split()[0]
            (number,) = (line.split(":")[1] for line in lines if line.lower().startswith("cseq"))
            head = f"RTSP/1.0 200 OK\r\nCSeq:{number}\r\nSession: 1\r\n"
            if method == "DESCRIBE":
                head += f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
            elif method == "SETUP":
                head += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
            else:
                head += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
            self.answer(head)
            if method == "PLAY":
                self.play()
                return

    def play(self) -> None:
        """Take RTP from our own encoder over UDP and pass it on, four bytes before each packet."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", 0))
            udp.settimeout(0.2)
            url = f"rtp://127.0.0.1:{udp.getsockname()[1]}"
            encoding = threading.Thread(target=self.encode, args=(url, "rtp"))
            encoding.start()
            while encoding.is_alive():
                with suppress(TimeoutError):
                    data = udp.recv(RTP_BYTES)
                    self.request.sendall(b"$\0" + len(data).to_bytes(2, "big") + data)


HANDLERS: dict[str, type[_Handler]] = {
    "http-mjpeg": _Jpegs,
    "http-ts": _Transport,
    "rtsp": _Rtsp,
}
