"""How near a network comes to what this processor can do at all.

A frame takes at least as long as its multiply-adds at the rate of a large matrix product, and at
least as long as its weights and activations at the rate of a large copy, both measured here. Norms
and activations count as fused into the convolution before them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from livecartoon.backends.base import EngineSpec
from livecartoon.backends.graph import build_graph, example_inputs
from livecartoon.backends.openvino import OpenVINOBackend
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.styles import find_style
from livecartoon.threads import usable_cores

PRODUCT_SIDE, COPIED = 2048, 32 << 20
"""Rows of the square matrices; float32 values of a copy, far beyond the caches."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one frame asks for."""

    macs: int
    bytes: int
    """Of weights, and of what each layer reads and writes."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """What the processor did at its best, measured."""

    flops: float
    """Of a large matrix product, per second."""
    bandwidth: float
    """Bytes read and written by a large copy, per second."""

    def least_s(self, work: Work) -> float:
        """Seconds below which no frame can be drawn."""
        return max(2 * work.macs / self.flops, work.bytes / self.bandwidth)


def count_work(network: nn.Module, inputs: Sequence[Tensor]) -> Work:
    """Add up the convolutions and products of `network` on `inputs`, in float32."""
    macs = moved = 0

    def count(layer: nn.Module, taken: tuple[Tensor, ...], given: Tensor) -> None:
        nonlocal macs, moved
        kernel: Tensor = layer.weight  # type: ignore[assignment]  # of convolutions and products
        positions = taken[0] if isinstance(layer, nn.ConvTranspose2d) else given
        channels = 1 if isinstance(layer, nn.ConvTranspose2d | nn.Conv2d) else -1
        macs += kernel.numel() * positions.numel() // positions.shape[channels]
        moved += 4 * (kernel.numel() + taken[0].numel() + given.numel())

    kinds = nn.Conv2d, nn.ConvTranspose2d, nn.Linear
    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, kinds)]
    with torch.inference_mode():
        network(*inputs)
    for hook in hooks:
        hook.remove()
    return Work(macs, moved)


def measure_peaks(threads: int, rounds: int = 12) -> Peaks:
    """The best of several products and copies on so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    left, right = torch.rand(2, PRODUCT_SIDE, PRODUCT_SIDE)
    source, target = torch.rand(COPIED), torch.empty(COPIED)
    product_s = min(_times(lambda: left @ right, rounds))
    copy_s = min(_times(lambda: target.copy_(source), rounds))
    torch.set_num_threads(before)
    return Peaks(2 * PRODUCT_SIDE**3 / product_s, 8 * COPIED / copy_s)


def run(width: int, height: int, style: str, rounds: int = 60) -> dict[str, Any]:
    """Bound, measured time and share for every size of a style's network; OpenVINO, FP32."""
    threads = usable_cores()
    peaks = measure_peaks(threads)
    figures: dict[str, Any] = {
        "width": width,
        "height": height,
        "threads": threads,
        "peak_gflops": round(peaks.flops / 1e9, 1),
        "peak_gb_s": round(peaks.bandwidth / 1e9, 1),
    }
    for tier, path in find_style(style).files.items():
        spec = EngineSpec(path, identity_of(read_header(path)), width, height, threads=threads)
        figures[tier] = _share(spec, peaks, rounds)
    return figures


def _share(spec: EngineSpec, peaks: Peaks, rounds: int) -> dict[str, Any]:
    work = count_work(build_graph(spec), example_inputs(spec))
    backend = OpenVINOBackend(spec)
    frame = np.random.default_rng(0).integers(0, 256, (spec.height, spec.width, 3), dtype=np.uint8)
    measured_s = float(np.median(_times(lambda: backend(frame), rounds)))
    backend.close()
    least_s = peaks.least_s(work)
    return {
        "giga_macs": round(work.macs / 1e9, 3),
        "megabytes": round(work.bytes / 1e6, 1),
        "bound_by": "arithmetic" if least_s * peaks.flops <= 2 * work.macs else "memory",
        "least_ms": round(1000 * least_s, 2),
        "ms_median": round(1000 * measured_s, 2),
        "share": round(least_s / measured_s, 3),
    }


def _times(action: Callable[[], object], rounds: int) -> list[float]:
    action()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return seconds
