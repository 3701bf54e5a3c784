"""Where the page is served and who may see it."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from dataclasses import dataclass

from livecartoon.errors import UsageError

TOKEN_BYTES = 16
SHORTEST_TOKEN = 12
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = {
    "0.0.0.0": (socket.AF_INET, "192.0.2.1", "127.0.0.1"),
    "::": (socket.AF_INET6, "2001:db8::1", "::1"),
}
"""All addresses of a machine -> family, an address that nobody has (RFC 5737, 3849), loopback."""


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """The flags of `livecartoon serve` that `cam` does not have."""

    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = None
    """What the address must carry; `auto` makes one up, None = only this machine may look."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise UsageError("E201", f"port {self.port}", "--port 8765")
        if not is_loopback_host(self.host) and self.token is None:
            raise UsageError(
                "E202",
                f"--host {self.host} lets others see the camera, and there is no --token",
                "--token auto",
            )
        if self.token not in (None, "auto") and len(self.token or "") < SHORTEST_TOKEN:
            raise UsageError(
                "E201", f"the token has fewer than {SHORTEST_TOKEN} characters", "--token auto"
            )

    def secret(self) -> str | None:
        """Return the token to check for, a fresh one of 128 bits for `auto`."""
        return secrets.token_urlsafe(TOKEN_BYTES) if self.token == "auto" else self.token


def is_loopback_host(host: str) -> bool:
    """True for names and addresses that only this machine can reach."""
    if host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reachable_host(host: str) -> str:
    """What others type to reach `host`; of "all addresses" the one in this machine's network."""
    if host not in EVERYWHERE:
        return host
    family, nobody, loopback = EVERYWHERE[host]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((nobody, 9))  # of UDP this only looks up the route: nothing is sent
            return str(probe.getsockname()[0])
    except OSError:  # no network
        return loopback


def is_known_host(header: str, bound: str) -> bool:
    """Whether a `Host` header names this server, and not a stranger's name bound to our address.

    An address written in digits cannot have been rebound by a name server.
    """
    name = header.rsplit(":", 1)[0] if not header.endswith("]") else header
    name = name.strip("[]").lower()
    if name in LOCAL_NAMES or name == bound.lower():
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return not is_loopback_host(bound)
