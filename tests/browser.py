"""A headless Chromium with its fake camera, driven through its debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self

import aiohttp

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--remote-debugging-port=0", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)  # fmt: skip
START = re.compile(r"DevTools listening on ws://([^/]+)/")


class Browser:
    """One page of one browser; every method waits for its answer."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM is not None
        self._log = folder / "chromium.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"],
                stdout=log, stderr=log,
            )  # fmt: skip
        self._loop = asyncio.new_event_loop()
        self._count = 0

    def __enter__(self) -> Self:
        end_s = time.monotonic() + 60
        while not (found := START.search(self._log.read_text(errors="replace"))):
            assert time.monotonic() < end_s, self._log.read_text(errors="replace")
            time.sleep(0.1)
        self._do(self._attach(found[1]))
        self.call("Page.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._session.close())
        self._loop.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    async def _attach(self, address: str) -> None:
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://{address}/json") as reply:
            pages = [page for page in await reply.json() if page["type"] == "page"]
        self._socket = await self._session.ws_connect(
            pages[0]["webSocketDebuggerUrl"], max_msg_size=0
        )

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._do(self._call(method, parameters))

    async def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        await self._socket.send_json({"id": self._count, "method": method, "params": parameters})
        while True:
            message = json.loads((await self._socket.receive(timeout=30)).data)
            if message.get("id") == self._count:
                assert "error" not in message, message
                return message["result"]

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.protocol === 'http:'")

    def ask(self, expression: str) -> Any:
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True,
            userGesture=True,
        )  # fmt: skip
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression: str, timeout_s: float = 40) -> Any:
        end_s = time.monotonic() + timeout_s
        while not (value := self.ask(expression)):
            state = self.ask("document.getElementById('state')?.textContent")
            assert time.monotonic() < end_s, f"never true: {expression}; the page says {state}"
            time.sleep(0.2)
        return value

    def resize(self, width: int, height: int, *, is_dark: bool = False, is_phone: bool = False):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=1, mobile=is_phone,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
