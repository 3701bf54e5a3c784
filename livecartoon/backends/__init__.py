"""Backends by name; nothing is imported before it is chosen."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from livecartoon.backends.base import Backend, Build, EngineSpec
from livecartoon.backends.driver import has_cuda_driver

BACKENDS: dict[str, str] = {
    "openvino": "livecartoon.backends.openvino:OpenVINOBackend",
    "ort": "livecartoon.backends.ort:OrtBackend",
    "rtx": "livecartoon.backends.rtx:RtxBackend",
    "tensorrt": "livecartoon.backends.tensorrt:TensorRTBackend",
    "torch": "livecartoon.backends.eager:TorchBackend",
}


def open_backend(name: str, spec: EngineSpec, device: str, build: Build | None = None) -> Backend:
    """Load or build an engine; raises EngineError, ModelError."""
    backend: Backend = _kind(name)(spec, device, build or Build())
    return backend


def engine_key(name: str, spec: EngineSpec, device: str) -> str | None:
    """Name under which the backend stores this engine here, None if it stores none."""
    key: str | None = _kind(name).key_of(spec, device)
    return key


def _kind(name: str) -> Any:  # noqa: ANN401  a class that fits Backend
    module, _, kind = BACKENDS[name].partition(":")
    return getattr(import_module(module), kind)


def probe(name: str) -> str | None:
    """Why a backend cannot run here, or None; imports no heavy library."""
    if name == "torch":
        return None
    if name in ("rtx", "tensorrt") and not has_cuda_driver():
        return "there is no CUDA device"  # asked before their modules import torch
    module, _, _ = BACKENDS[name].partition(":")
    reason: str | None = import_module(module).probe()
    return reason
