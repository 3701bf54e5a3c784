"""Backends by name; nothing is imported before it is chosen."""

from __future__ import annotations

from importlib import import_module

from livecartoon.backends.base import Backend, EngineSpec

BACKENDS: dict[str, str] = {
    "openvino": "livecartoon.backends.openvino:OpenVINOBackend",
    "torch": "livecartoon.backends.eager:TorchBackend",
}


def open_backend(name: str, spec: EngineSpec, device: str) -> Backend:
    """Load or build an engine; raises EngineError, ModelError."""
    module, _, kind = BACKENDS[name].partition(":")
    backend: Backend = getattr(import_module(module), kind)(spec, device)
    return backend


def probe(name: str) -> str | None:
    """Why a backend cannot run here, or None; imports no heavy library."""
    if name == "torch":
        return None
    module, _, _ = BACKENDS[name].partition(":")
    reason: str | None = import_module(module).probe()
    return reason
