"""Keeps libraries from reporting their use to their makers: this program talks to nobody."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SENDER = "openvino_telemetry"
"""Sends usage data to an analytics service unless a file in the home folder says no. OpenVINO's
converter and NNCF use it where it can be imported and do without it elsewhere."""

_one_at_a_time = threading.RLock()
"""A second thread would take the first one's mark for what was there before."""


@contextmanager
def without_telemetry() -> Iterator[None]:
    """Make the sender impossible to import inside; wrap the import of what would use it."""
    with _one_at_a_time:
        before = sys.modules.get(SENDER)
        sys.modules[SENDER] = None  # type: ignore[assignment]  # how Python marks "not importable"
        try:
            yield
        finally:
            if before is None:
                del sys.modules[SENDER]
            else:
                sys.modules[SENDER] = before
