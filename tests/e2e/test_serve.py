"""The page: who may see it, what it sends, and a real browser that looks at it."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager

import numpy as np
import pytest

pytest.importorskip("aiortc", reason="the extra [web] is not installed")

import aiohttp

from livecartoon.config import EngineOptions
from livecartoon.errors import UsageError
from livecartoon.jobs.live import LiveReport, LiveSettings
from livecartoon.jobs.serve import ServeSettings, run_serve
from livecartoon.jobs.serve.settings import is_known_host, reachable_host
from livecartoon.sources.pattern import read_time_code
from livecartoon.sources.pictures import read_picture
from tests.browser import PROGRAM, Browser
from tests.live import STYLES, ToyShop

pytestmark = pytest.mark.slow
TOKEN = "a-token-for-tests"


def serve(
    visit: Callable[[str], None], camera: str = "pattern:320x180@20", **page: object
) -> LiveReport:
    """Run the page until `visit`, in a thread of its own, has seen enough."""
    pool = ThreadPoolExecutor(1)
    visitors: list[Future[None]] = []

    def go(address: str) -> None:
        try:
            visit(address)
        finally:
            while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # not running yet
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGTERM)

    def send_visitor(address: str) -> None:
        visitors.append(pool.submit(go, address))

    report = run_serve(
        ServeSettings(**({"port": 0, "token": TOKEN} | page)),
        LiveSettings(camera=camera, width=320, height=180, static_skip=False, duration_s=120),
        EngineOptions(style="copy"),
        send_visitor,
        make_stylizer=ToyShop(),
        styles=STYLES,
    )
    pool.shutdown(wait=False)
    visitors[0].result(20)  # raises what the visitor did not like
    return report


def ask(address: str, path: str = "/stats", *, data: bytes | None = None, **headers: str):
    """Return (status, headers, body) of one request."""

    async def go():
        url = address.replace("/?", f"{path}?")
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                "GET" if data is None else "POST", url, data=data, headers=headers
            ) as reply,
        ):
            return reply.status, reply.headers, await reply.read()

    return asyncio.run(go())


def test_page_of_a_stranger_is_refused():
    def visit(address: str) -> None:
        assert ask(address)[0] == 200
        assert ask(address.replace(TOKEN, "wrong"))[0] == 403
        assert ask(address.replace(TOKEN, ""))[0] == 403
        assert ask(address, Host="evil.example")[0] == 403
        assert ask(address, Origin="http://evil.example")[0] == 403
        assert ask(address, "/do", data=b'{"key": "0"}', Origin="http://evil.example")[0] == 403
        for path in ("/", "/page.js", "/stats"):
            headers = ask(address, path, Origin="null-island")[1]
            assert not any(name.lower().startswith("access-control") for name in headers)

    serve(visit)


def test_page_refuses_what_it_does_not_know():
    def visit(address: str) -> None:
        assert ask(address, "/etc/passwd")[0] == 404
        assert ask(address, "/page/../guard.py")[0] == 404
        assert ask(address, "/do", data=b"no json")[0] == 400
        assert ask(address, "/do", data=b"[]")[0] == 400
        assert ask(address, "/do", data=b'{"key": "q"}')[0] == 400  # nobody else ends the run
        assert ask(address, "/do", data=b'{"offer": "no offer"}')[0] == 400
        assert ask(address, "/do", data=b'{"style": "' + b"x" * 5000 + b'"}')[0] == 413
        assert "default-src 'none'" in ask(address, "/")[1]["Content-Security-Policy"]

    serve(visit)


def test_page_turns_the_knobs():
    def visit(address: str) -> None:
        for data in (
            b'{"strength": 0.5}', b'{"strength": 7}', b'{"key": "0"}', b'{"temporal": "flow"}',
            b'{"temporal": "magic"}',
        ):  # fmt: skip
            assert ask(address, "/do", data=data)[0] == 200
        end_s = time.monotonic() + 10
        while True:
            facts = json.loads(ask(address)[2])
            if facts.get("temporal") == "flow" and facts["look"]["strength"] == 0.5:
                assert facts["is_original"]
                break
            assert time.monotonic() < end_s, facts
            time.sleep(0.1)
        assert facts["styles"] == list(STYLES)
        assert facts["temporal"] == "flow"

    serve(visit)


def test_page_sends_jpegs_to_four_viewers_and_no_more(tmp_path):
    parts: list[bytes] = []

    async def look(address: str) -> None:
        url = address.replace("/?", "/stream.mjpg?")
        async with aiohttp.ClientSession() as session:
            replies = [await session.get(url) for _ in range(4)]
            fifth = await session.get(url)
            assert fifth.status == 503
            data = b""
            while data.count(b"--picture") < 4:
                data += await replies[0].content.readany()
            parts.extend(part.partition(b"\r\n\r\n")[2] for part in data.split(b"--picture")[1:-1])
            for reply in replies:
                reply.close()

    serve(lambda address: asyncio.run(look(address)))
    path = tmp_path / "part.jpg"
    path.write_bytes(parts[-1].removesuffix(b"\r\n"))
    pixels = np.ascontiguousarray(read_picture(path).pixels)
    assert pixels.shape == (180, 320, 3)
    assert read_time_code(pixels) is not None


def test_page_when_the_port_is_taken_uses_the_next_free_one():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        addresses: list[str] = []
        serve(addresses.append, port=port)
    assert f":{port}/" not in addresses[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])
def test_page_beyond_this_machine_needs_a_token(host):
    with pytest.raises(UsageError, match="--token"):
        ServeSettings(host=host)
    assert len(ServeSettings(host=host, token="auto").secret() or "") >= 22


@pytest.mark.parametrize(
    ("host", "told"),
    [("127.0.0.1", "127.0.0.1"), ("studio.local", "studio.local"), ("192.168.1.5", "192.168.1.5")],
)
def test_page_address_names_the_host_that_was_typed(host, told):
    assert reachable_host(host) == told


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_page_address_of_all_hosts_is_one_that_others_can_type(host):
    told = ipaddress.ip_address(reachable_host(host))
    assert not told.is_unspecified
    assert told.version == ipaddress.ip_address(host).version


def test_page_token_that_is_short_is_refused():
    with pytest.raises(UsageError):
        ServeSettings(token="1234")


@pytest.mark.parametrize(
    ("header", "bound", "is_known"),
    [
        ("127.0.0.1:8765", "127.0.0.1", True),
        ("localhost:8765", "127.0.0.1", True),
        ("[::1]:8765", "127.0.0.1", True),
        ("evil.example:8765", "127.0.0.1", False),
        ("192.168.1.5:8765", "127.0.0.1", False),
        ("192.168.1.5:8765", "0.0.0.0", True),
        ("evil.example", "0.0.0.0", False),
        ("studio.local:8765", "studio.local", True),
    ],
)
def test_page_host_header(header, bound, is_known):
    assert is_known_host(header, bound) is is_known


@contextmanager
def looking_at(address: str, folder):
    with Browser(folder) as browser:
        browser.resize(1280, 800)
        browser.open(address)
        yield browser


BROWSER = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
LIVE = "document.getElementById('state').textContent === 'live'"
SEEN = "video.videoWidth > 0 && video.currentTime > 0.5 && transport === 'WebRTC'"
SHAPED = """video.clientHeight <= stage.clientHeight && stage.clientHeight <= innerHeight
&& stage.style.aspectRatio === '180 / 320'"""
HOSTS = """[...new Set(performance.getEntries().map(e => e.name)
.filter(n => n.includes('://')).map(n => new URL(n).host))]"""
UNNAMED = """[...document.querySelectorAll('button,input')]
.filter(e => !(e.textContent.trim() || e.labels?.[0]?.textContent.trim())).length"""
PIXEL = """(() => { const c = document.createElement('canvas'); c.width = c.height = 8;
const x = c.getContext('2d'); x.drawImage(video, 0, 0, 8, 8);
return [...x.getImageData(4, 1, 1, 1).data]; })()"""


@BROWSER
def test_page_in_a_browser_turns_its_own_camera_into_a_cartoon(tmp_path):
    def visit(address: str) -> None:
        with looking_at(address, tmp_path) as page:
            page.until(SEEN)
            page.until(LIVE)
            assert page.ask("connection.localDescription.sdp.length") < 4000
            before = page.ask(PIXEL)
            assert before[1] > before[0] + 40  # Chromium's fake camera is green
            page.ask("document.querySelector('[data-style=invert]').click()")
            page.until(f"{PIXEL}[1] + 40 < {PIXEL}[0]")
            page.until("parseFloat(find('fps').textContent) > 0")
            page.ask("document.querySelector('[data-temporal=off]').click()")
            page.until("find('temporals').querySelector('[aria-pressed=true]').textContent==='off'")
            page.until("find('viewers').textContent === '1'")
            page.resize(390, 844, is_dark=True, is_phone=True)
            assert page.ask("document.documentElement.scrollWidth") <= 390
            hosts = page.ask(HOSTS)
            assert len(hosts) == 1  # no request leaves the machine

    report = serve(visit, "browser:")
    assert [style["name"] for style in report.styles] == ["copy", "invert"]


@BROWSER
def test_page_in_a_browser_shows_this_machines_camera_and_falls_back_to_jpegs(tmp_path):
    def visit(address: str) -> None:
        with looking_at(address, tmp_path) as page:
            page.until(SEEN)
            page.until(SHAPED)
            page.ask("useJpegs()")
            page.until("picture.naturalWidth === 180")
            assert page.ask("picture.clientHeight <= stage.clientHeight")
            unnamed = page.ask(UNNAMED)
            assert unnamed == 0

    serve(visit, "pattern:180x320@20")


@BROWSER
def test_page_in_a_browser_with_a_wrong_token_shows_nothing(tmp_path):
    def visit(address: str) -> None:
        with looking_at(address.replace(TOKEN, "wrong-token-here"), tmp_path) as page:
            assert page.ask("document.body.textContent") == "wrong token"

    serve(visit)
