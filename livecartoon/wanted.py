"""Which engine a style, a size and what was typed ask for."""

from __future__ import annotations

from dataclasses import replace

from livecartoon.backends import BACKENDS, probe
from livecartoon.backends.base import EngineSpec, needed_layers
from livecartoon.backends.choice import Candidate, candidates, precision_for, to_build
from livecartoon.backends.driver import NO_DRIVER, card_problem
from livecartoon.backends.reduction import reduction_for
from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError, UsageError
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.models.overlay import overlay_of
from livecartoon.styles import TIERS, Style
from livecartoon.threads import thread_budget

FILTER_VERSION = "classic-3"
ON_CARDS = ("auto", "torch", "tensorrt", "rtx")
"""Backends that take a card where there is one and no device was typed."""


def is_prepared(style: Style, width: int, height: int, options: EngineOptions) -> bool:
    """Whether a live Stylizer of these can be made without building an engine.

    Raises EngineError, ModelError as making it would.
    """
    return missing_engine(style, width, height, options) is None


def missing_engine(
    style: Style, width: int, height: int, options: EngineOptions
) -> Candidate | None:
    """Return the engine that a live Stylizer of these would begin to build, None = none.

    Raises EngineError, ModelError as making it would.
    """
    device, backend, _ = choose_engine(options)
    spec, _ = engine_spec(style, width, height, options, device)
    choices = candidates(
        backend,
        spec,
        device,
        is_backend_free=options.backend == "auto",
        is_precision_free=options.precision == "auto",
    )
    return to_build(choices, device)


def choose_engine(options: EngineOptions) -> tuple[str, str, str | None]:
    """Device, backend and, if `auto` could not take the best, the reason.

    What the user typed is never replaced: what cannot be had raises EngineError.
    """
    wants_cuda = options.device not in ("auto", "cpu")
    problem = card_problem()
    if wants_cuda and problem is not None:
        raise EngineError("E501", f"--device {options.device}: {problem}", "--device cpu")
    if wants_cuda and options.backend == "openvino":
        raise EngineError("E503", "openvino runs on the CPU here", "--device cpu", "drop --backend")
    device = options.device if wants_cuda else "cpu"
    note = None
    if options.device == "auto" and options.backend in ON_CARDS:
        device = "cuda:0" if problem is None else "cpu"
        note = None if problem == NO_DRIVER else problem
    if options.backend != "auto":
        return device, _checked_backend(options.backend, device), note
    if device != "cpu":
        return device, "torch", "no TensorRT engine for this size yet"
    reason = probe("openvino")
    return device, "torch" if reason else "openvino", note or reason


def engine_spec(
    style: Style,
    width: int,
    height: int,
    options: EngineOptions,
    device: str,
) -> tuple[EngineSpec, str]:
    """The engine for frames of this size, and the tier it has."""
    on_gpu = device != "cpu"
    spec = EngineSpec(
        weights=None,
        weights_sha256=FILTER_VERSION,
        width=width,
        height=height,
        reduction=reduction_for(width, height, options.infer_size, on_gpu=on_gpu),
        layers=needed_layers(options.look),
        precision=precision_for(options, on_gpu=on_gpu),
        threads=thread_budget(options.threads, on_gpu=on_gpu).network,
    )
    if style.kind == "filter":
        return spec, "filter"
    tier = options.tier if options.tier != "auto" else ("large" if on_gpu else "small")
    if tier not in TIERS:
        raise UsageError("E201", f"no tier {tier!r}", f"one of auto, {', '.join(TIERS)}")
    chosen, path = style.file_for(tier)
    header = read_header(path)
    overlay = overlay_of(style.lut, style.ink, header)
    return replace(spec, weights=path, weights_sha256=identity_of(header), overlay=overlay), chosen


def _checked_backend(name: str, device: str) -> str:
    if name not in BACKENDS:
        known = ", ".join(BACKENDS)
        raise EngineError("E503", f"backend {name!r} is not part of this version", f"{known}")
    if reason := probe(name):
        raise EngineError("E503", f"backend {name} was asked for but {reason}", "drop --backend")
    return name
