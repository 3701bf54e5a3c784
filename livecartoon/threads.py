"""The one place that hands out threads: five pools each assume they own the machine."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThreadBudget:
    """Threads for the network, the decoder and the encoder of one job."""

    network: int
    decode: int
    encode: int


def usable_cores() -> int:
    """Cores this process may run on (cgroup and affinity masks respected by the scheduler)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_budget(asked: int = 0, *, is_live: bool = False, on_gpu: bool = False) -> ThreadBudget:
    """Share the machine: `asked` = threads for the network, 0 = decide.

    A file job lets all three run on every core and the scheduler fill the gaps; a live job
    keeps one core free for capture and display, so that the picture is never late for them.
    """
    cores = usable_cores()
    network = asked or (1 if on_gpu else max(1, cores - 1 if is_live and cores > 2 else cores))
    return ThreadBudget(network, max(1, min(4, cores)), max(1, min(16, cores)))
