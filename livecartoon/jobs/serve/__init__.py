"""`livecartoon serve`: the live picture on a page."""

from __future__ import annotations

from livecartoon.jobs.serve.run import run_serve
from livecartoon.jobs.serve.settings import ServeSettings

__all__ = ["ServeSettings", "run_serve"]
