"""The page's server, in a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import errno
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from aiohttp import web

from livecartoon.errors import LivecartoonError, OutputError
from livecartoon.frame import Pixels
from livecartoon.jobs.serve.guard import add_headers, guard
from livecartoon.jobs.serve.rtc import Calls
from livecartoon.jobs.serve.settings import ServeSettings, reachable_host
from livecartoon.sinks.web import WebPresenter, jpeg

MOST_VIEWERS = 4
MOST_BYTES = 4096
MOST_PORTS = 20
PICTURE_S = 1.0
"""Without a new picture the last one is sent again after that."""
JOIN_S = 2.0
PART = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
PAGE = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
KEYS = frozenset({"0", " ", "c", "g"})
CHOICES = ("style", "temporal")
SLIDERS = ("strength", "keep_color", "ink", "vivid")


class PageServer:
    """Serves the page, its pictures and its statistics; a context manager.

    `stats` is asked for the facts, `take` gets the pictures of the browser's camera, if wanted.
    """

    def __init__(
        self,
        settings: ServeSettings,
        presenter: WebPresenter,
        stats: Callable[[], dict[str, Any]],
        take: Callable[[Any], None] | None,
    ) -> None:
        self._settings, self._presenter, self._stats, self._take = settings, presenter, stats, take
        self.token = settings.secret()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._viewers = 0
        self._began = threading.Event()
        self._failure: LivecartoonError | None = None
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)

    @property
    def address(self) -> str:
        """What to open in a browser."""
        host = reachable_host(self._settings.host)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}/" + (f"?token={self.token}" if self.token else "")

    def __enter__(self) -> PageServer:
        self._thread.start()
        self._began.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._fresh = asyncio.Event()
        self._calls = Calls(self._next_picture, self._take)
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await self._listen(runner)
        except LivecartoonError as error:
            self._failure = error
            self._began.set()
            await runner.cleanup()
            return
        self._presenter.on_picture = self._wake_soon
        self._began.set()
        await self._stop.wait()
        self._presenter.on_picture = lambda: None
        await self._calls.close()
        await runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(
            middlewares=[guard(self._settings.host, self.token)], client_max_size=MOST_BYTES
        )
        app.on_response_prepare.append(add_headers)
        for path in PAGE:
            app.router.add_get(path, self._page)
        app.router.add_get("/stats", self._send_stats)
        app.router.add_get("/stream.mjpg", self._send_pictures)
        app.router.add_post("/do", self._do)
        return app

    async def _listen(self, runner: web.AppRunner) -> None:
        """Take the port asked for, or the next free one."""
        host, first = self._settings.host, self._settings.port
        last = min(65536, first + MOST_PORTS) if first else 1
        for port in range(first, last):
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                if error.errno == errno.EADDRINUSE and port + 1 < last:
                    continue
                raise OutputError(
                    "E402", f"cannot serve at {host}:{port}: {error.strerror}", "--port 9000"
                ) from error
            self.port = int(runner.addresses[0][1])
            return

    def _wake_soon(self) -> None:
        """Tell the loop of a new picture, from the main thread."""
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        fresh, self._fresh = self._fresh, asyncio.Event()
        fresh.set()

    async def _next_picture(self) -> Pixels:
        """Wait for a new picture, or send the last one again."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._fresh.wait(), PICTURE_S)
            if (pixels := self._presenter.newest) is not None:
                return pixels

    async def _page(self, request: web.Request) -> web.Response:
        name, kind = PAGE[request.path]
        text = (files("livecartoon.jobs.serve") / "page" / name).read_text(encoding="utf-8")
        if name == "page.html":  # what the page loads needs the token too
            query = f"?token={quote(self.token)}" if self.token else ""
            text = text.replace("{query}", query)
        return web.Response(text=text, content_type=kind)

    async def _send_stats(self, request: web.Request) -> web.Response:
        facts = self._stats() | {
            "viewers": self._viewers + len(self._calls),
            "takes_camera": self._take is not None,
            "panel": self._presenter.panel,
        }
        return web.json_response(facts)

    async def _send_pictures(self, request: web.Request) -> web.StreamResponse:
        """Send JPEGs one after the other, for browsers without WebRTC."""
        self._check_room()
        response = web.StreamResponse(
            headers={"Content-Type": "multipart/x-mixed-replace; boundary=picture"}
        )
        await response.prepare(request)
        self._viewers += 1
        try:
            with suppress(ConnectionError):  # the viewer has gone
                while not self._stop.is_set():
                    data = await asyncio.to_thread(jpeg, await self._next_picture())
                    await response.write(PART % len(data) + data + b"\r\n")
        finally:
            self._viewers -= 1
        return response

    def _check_room(self) -> None:
        if self._viewers + len(self._calls) >= MOST_VIEWERS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_VIEWERS} viewers are the limit")

    async def _do(self, request: web.Request) -> web.Response:
        """Turn a knob, or take a call: the one POST."""
        try:
            asked = json.loads(await request.text())
        except ValueError as error:
            raise web.HTTPBadRequest(text="no JSON") from error
        if not isinstance(asked, dict):
            raise web.HTTPBadRequest(text="no object")
        if isinstance(asked.get("offer"), str):
            return await self._answer(asked["offer"])
        self._turn(asked)
        return web.json_response({"ok": True})

    async def _answer(self, offer: str) -> web.Response:
        self._check_room()
        try:
            return web.json_response({"answer": await self._calls.answer(offer)})
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error

    def _turn(self, asked: dict[str, Any]) -> None:
        key = asked.get("key")
        chosen = [n for n in CHOICES if isinstance(asked.get(n), str)]
        if key in KEYS:
            self._presenter.press(str(key))
        elif chosen:
            self._presenter.press(f"{chosen[0]}={asked[chosen[0]]}")
        else:
            found = [n for n in SLIDERS if isinstance(asked.get(n), int | float)]
            if not found:
                raise web.HTTPBadRequest(text="unknown knob")
            for name in found:
                self._presenter.press(f"{name}={float(asked[name])}")
