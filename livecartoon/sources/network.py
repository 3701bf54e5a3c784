"""How live streams are opened so that they come soon, end in time and stay in the network."""

from __future__ import annotations

import errno

import av

from livecartoon.errors import DeviceError
from livecartoon.escape import without_secrets

STDIN = "pipe:0"
NETWORK_SCHEMES = ("rtsp://", "rtmp://", "http://", "https://", "udp://")
SOON = {"fflags": "nobuffer", "flags": "low_delay"}
ONLINE = {"protocol_whitelist": "crypto,http,https,httpproxy,rtmp,rtp,rtsp,tcp,tls,udp"}
"""A playlist from the network must not name files of this machine."""
NETWORK_OPTIONS = {
    "http": SOON | ONLINE,
    "https": SOON | ONLINE,
    "rtmp": SOON | ONLINE,
    "rtsp": SOON
    | ONLINE
    | {"rtsp_transport": "tcp", "max_delay": "100000", "reorder_queue_size": "0"},
    "udp": SOON
    | ONLINE
    | {
        "analyzeduration": "500000",
        "fifo_size": "65536",
        "overrun_nonfatal": "1",
        "probesize": "65536",
    },
}
NETWORK_TIMEOUT_S = (10.0, 5.0)
"""Seconds for the first answer, and for each later one."""
REFUSED = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)
WITHOUT = "--camera pattern: to go on without"


def unreachable(url: str, error: Exception | None) -> DeviceError:
    """Return what to raise when the stream at `url` does not open: E801, or E803 if it may not.

    A list of this machine's cameras would help nobody here.
    """
    shown = without_secrets(url)
    scheme, _, rest = url.partition("://")
    if isinstance(error, REFUSED):
        problem = f"{shown} asks for a user and a password, or refuses those given"
        return DeviceError("E803", problem, f"--camera {scheme}://USER:PASSWORD@HOST/PATH")
    if isinstance(error, av.error.HTTPNotFoundError):
        return DeviceError(
            "E801",
            f"{shown} answers, but has nothing at this path",
            "the camera's own page or manual names the path",
        )
    if scheme == "udp":
        port = without_secrets(rest).rpartition(":")[2].partition("/")[0]
        return DeviceError(
            "E801",
            f"nothing arrives at {shown}",
            f"start the sender: it must send to this machine, UDP port {port}",
            WITHOUT,
        )
    return DeviceError(
        "E801",
        f"cannot reach {shown}: {reason_of(error)}",
        "check address, port and path; is it on, and in this network?",
        WITHOUT,
    )


def reason_of(error: Exception | None) -> str:
    """Why a stream did not open, in words that say something: FFmpeg's own tell of its insides."""
    if error is None:
        return "it has no picture"
    if isinstance(error, av.error.ExitError | TimeoutError):
        return f"no answer within {NETWORK_TIMEOUT_S[0]:g} s"
    if isinstance(error, av.error.InvalidDataError):
        return "no video comes from it"
    if getattr(error, "errno", None) == errno.EIO:
        return "this name is unknown, or the connection broke"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
