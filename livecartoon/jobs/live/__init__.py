"""`livecartoon cam`: the live picture."""

from __future__ import annotations

from livecartoon.jobs.live.run import run_live
from livecartoon.jobs.live.settings import LiveReport, LiveSettings, LiveStatus

__all__ = ["LiveReport", "LiveSettings", "LiveStatus", "run_live"]
