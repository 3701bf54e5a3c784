"""Who may talk to the page's server: the right host, the right token, no other site."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from livecartoon.jobs.serve.settings import is_known_host

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def guard(host: str, token: str | None) -> Middleware:
    """Return the middleware that checks every request."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_known_host(request.host, host):
            raise web.HTTPForbidden(text="unknown host", headers=HEADERS)
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="another site asks", headers=HEADERS)
        given = request.query.get("token", "").encode()
        if token is not None and not hmac.compare_digest(given, token.encode()):
            raise web.HTTPForbidden(text="wrong token", headers=HEADERS)
        return await handler(request)

    return check


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Forbid the page everything it does not need."""
    response.headers.update(HEADERS)
