"""How live streams are opened so that they come soon, end in time and stay in the network."""

from __future__ import annotations

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
