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


def thread_budget(asked: int = 0, *, on_gpu: bool = False) -> ThreadBudget:
    """Share the machine: `asked` = threads for the network, 0 = decide.

    The network gets one core less than there are: the encoder of a file, the anti-flicker of a
    live picture keep one busy, and a network thread that waits for a preempted one spins. On two
    cores at 720p this costs a file 4 % of the rate and saves 15 % of the CPU time; live, 27
    pictures a second come of it instead of 24.
    """
    cores = usable_cores()
    network = asked or (1 if on_gpu else max(1, cores - 1))
    return ThreadBudget(network, max(1, min(4, cores)), max(1, min(16, cores)))
