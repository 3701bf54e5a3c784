"""`livecartoon serve`: the live picture on a page."""

from __future__ import annotations

from livecartoon.jobs.serve.run import run_serve
from livecartoon.jobs.serve.settings import ServeSettings, is_loopback_host

__all__ = ["ServeSettings", "is_loopback_host", "run_serve"]
