"""WebRTC both ways: the browser's camera in, the cartoon out. No server beyond ours is asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError

from livecartoon.frame import Pixels
from livecartoon.sinks.web import VideoFrames

log = logging.getLogger(__name__)
NextPicture = Callable[[], Coroutine[Any, Any, Pixels]]
ENDED = ("closed", "failed", "disconnected")


class CartoonTrack(VideoStreamTrack):
    """The newest picture, whenever there is one."""

    def __init__(self, next_picture: NextPicture) -> None:
        super().__init__()
        self._next, self._frames = next_picture, VideoFrames()

    async def recv(self) -> Any:  # noqa: ANN401  PyAV's frame, which only sinks may name
        """Wait for the next picture."""
        return self._frames(await self._next())


class Calls:
    """The connections to browsers."""

    def __init__(self, next_picture: NextPicture, take: Callable[[Any], None] | None) -> None:
        self._next, self._take = next_picture, take
        self._open: set[RTCPeerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._open)

    async def answer(self, sdp: str) -> str:
        """Accept an offer; return our answer. ValueError if it is no offer."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._open.add(connection)
        connection.on("track", self._receive)
        connection.on("connectionstatechange", lambda: self._forget(connection))
        connection.addTrack(CartoonTrack(self._next))
        try:
            await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            await connection.setLocalDescription(await connection.createAnswer())
        except (ValueError, AssertionError, KeyError, IndexError) as error:
            self._open.discard(connection)
            await connection.close()
            raise ValueError("no such offer") from error
        return str(connection.localDescription.sdp)

    def _receive(self, track: Any) -> None:  # noqa: ANN401
        if track.kind == "video" and self._take is not None:
            task = asyncio.get_running_loop().create_task(self._read(track, self._take))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _read(self, track: Any, take: Callable[[Any], None]) -> None:  # noqa: ANN401
        try:
            while True:
                take(await track.recv())
        except MediaStreamError:  # the browser has stopped its camera
            log.info("the browser's camera has stopped")

    async def _forget(self, connection: RTCPeerConnection) -> None:
        if connection.connectionState in ENDED:
            self._open.discard(connection)
            await connection.close()

    async def close(self) -> None:
        """Hang up on everybody."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*(connection.close() for connection in list(self._open)))
        self._open.clear()
