"""How fast the networks are: ours with everything around them, the peers' bare generators.

All run through the same OpenVINO settings in one process, in interleaved rounds, so that a
busy moment of the machine hits all of them; a ratio is of the medians of the same run, of bare
generators on both sides. In each round a network of ours draws some frames untimed, then as many
in a row as a film's, one thread begins them, another finishes them: a frame after another network's
pays for the caches that it finds in the other's use.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from torch import nn

from livecartoon.backends.base import EnginePrecision, EngineSpec
from livecartoon.backends.openvino import OpenVINOBackend
from livecartoon.errors import EngineError
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.models.papers import PAPERS
from livecartoon.processor import multiplies_bfloat16
from livecartoon.styles import find_style
from livecartoon.threads import usable_cores

WIDTH, HEIGHT = 640, 360
TIERS = ("nano", "small")
Runner = Callable[[], Any]
BURST = 12
"""Frames in a row of one of our networks; a peer's takes a second, one is enough."""
ALONE = " alone"
"""Of the figures of a network of ours without what surrounds it."""


class Ours:
    """One of our networks with everything around it, drawing a stream of frames."""

    def __init__(self, tier: str, threads: int, precision: EnginePrecision = "fp32") -> None:
        _, path = find_style("shinkai").file_for(tier)
        sha256 = identity_of(read_header(path))
        spec = EngineSpec(path, sha256, WIDTH, HEIGHT, precision=precision, threads=threads)
        self._backend = OpenVINOBackend(spec)
        rng = np.random.default_rng(0)
        self._frames = [rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(4)]
        self._pool = ThreadPoolExecutor(1)

    def stream_ms(self) -> float:
        """Milliseconds a frame."""
        started = time.perf_counter()
        begun: deque[Future[Any]] = deque()
        for index in range(BURST):
            fetch = self._backend.begin(self._frames[index % len(self._frames)])
            begun.append(self._pool.submit(fetch))
            if len(begun) > 1:
                begun.popleft().result()
        begun.popleft().result()
        return (time.perf_counter() - started) * 1000 / BURST

    def network_ms(self) -> float:
        """Milliseconds of the network alone, nothing beside it."""
        before_s = self._backend.network_s
        self._backend(self._frames[0])
        return (self._backend.network_s - before_s) * 1000


PEERS = ("whitebox", "animegan2", "animegan3", "cartoongan", "cyclegan")
EAGER = ("whitebox", "animegan2")
"""Timed too as their users run them: eager torch, NCHW float."""


def run(rounds: int = 24, peer_rounds: int = 3, names: Sequence[str] = PEERS) -> dict[str, Any]:
    """Milliseconds and frames per second at 640x360, and the peers' ratios to `small`."""
    threads = usable_cores()
    fewer_bits = _fewer_bits()
    ours = {tier: Ours(tier, threads) for tier in TIERS}
    for bits in fewer_bits:
        for tier in TIERS:
            with suppress(EngineError):  # refused by its self-test: nobody draws with it
                ours[f"{tier} {bits}"] = Ours(tier, threads, bits)
    peers = {name: _peer(name, threads) for name in names}
    for name in names:
        if name in EAGER:
            peers[f"{name} eager"] = _eager(name, threads)
            if "bf16" in fewer_bits:
                peers[f"{name} bf16"] = _peer(name, threads, "bf16")
    times = _in_turns(ours, peers, rounds, peer_rounds)
    figures: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "threads": threads}
    for name, values in times.items():
        median = float(np.median(values))
        figures[name] = {
            "ms_median": round(median, 2),
            "ms_min": round(min(values), 2),
            "fps_median": round(1000 / median, 1),
            "rounds": len(values),
        }
    figures["ratio_to_small"] = {
        name: round(figures[name]["ms_median"] / figures[_small_like(name)]["ms_median"], 1)
        for name in peers
    }
    return figures | _gains(times, fewer_bits)


def _in_turns(
    ours: Mapping[str, Ours], peers: Mapping[str, Runner], rounds: int, peer_rounds: int
) -> dict[str, list[float]]:
    """Milliseconds of each."""
    times: dict[str, list[float]] = defaultdict(list)
    for runner in peers.values():
        runner()
    for index in range(rounds):
        for name, network in ours.items():
            network.stream_ms()
            times[name].append(network.stream_ms())
            times[name + ALONE].append(network.network_ms())
        if index % max(1, rounds // peer_rounds) == 0:
            for name, runner in peers.items():
                times[name].append(_timed(runner))
    return times


def _fewer_bits() -> list[EnginePrecision]:
    """What networks can run in here beside FP32."""
    found: list[EnginePrecision] = ["int8"] if find_spec("nncf") else []
    return [*found, "bf16"] if multiplies_bfloat16() else found


def _gains(
    times: Mapping[str, Sequence[float]], fewer_bits: Sequence[EnginePrecision]
) -> dict[str, float]:
    """How many times as fast; round by round, so that a busy moment is in both."""
    gains = {}
    for bits in fewer_bits:
        for tier in TIERS:
            if not (fast := times.get(f"{tier} {bits}")):
                continue
            plain = times[tier]
            ratios = [a / b for a, b in zip(plain, fast, strict=True)]
            gains[f"{bits}_gain_{tier}"] = round(float(np.median(ratios)), 2)
    return gains


def _small_like(peer: str) -> str:
    """Name of our `small`, alone and in the same arithmetic as a peer."""
    return ("small bf16" if peer.endswith("bf16") else "small") + ALONE


def _timed(runner: Runner) -> float:
    started = time.perf_counter()
    runner()
    return (time.perf_counter() - started) * 1000


def _peer(name: str, threads: int, precision: EnginePrecision = "fp32") -> Runner:
    """A peer's generator with random weights, built from its layer table: speed only."""
    torch.manual_seed(0)
    photo = torch.rand(1, 3, HEIGHT, WIDTH) * 2 - 1
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        model = openvino.convert_model(_peer_network(name), example_input=photo)
        model.reshape(list(photo.shape))
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(threads),
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "CACHE_DIR": str(Path(folder)),
        }
        request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    array = photo.numpy()
    return lambda: request.infer([array], share_inputs=True, share_outputs=True)


def _eager(name: str, threads: int) -> Runner:
    """The same generator in eager torch on that many threads."""
    torch.manual_seed(0)
    network = _peer_network(name)
    photo = torch.rand(1, 3, HEIGHT, WIDTH) * 2 - 1

    def draw() -> None:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        with torch.inference_mode():
            network(photo)
        torch.set_num_threads(before)

    return draw


def _peer_network(name: str) -> nn.Module:
    """A generator of the papers at its published size."""
    module, _, kind = PAPERS[name].place.partition(":")
    network: nn.Module = getattr(import_module(module), kind)()
    return network.eval()
