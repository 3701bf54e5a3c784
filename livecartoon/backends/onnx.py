"""The whole picture path as an ONNX file, for runtimes that take nothing else."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from livecartoon.backends.base import EngineSpec
from livecartoon.backends.graph import (
    CastAtBorder,
    build_graph,
    example_inputs,
    without_memory,
)
from livecartoon.errors import EngineError

OPSET = 18


def export_onnx(spec: EngineSpec, path: Path, *, casts_at_border: bool = False) -> None:
    """Write the engine's graph: uint8 `frame` (1, H, W, 3) and `look` (4,) to uint8 `cartoon`.

    A style with `norm = ema-inputs` also has a `memory` (n,) float32, zeros before the first
    frame, and a `memory_after` to give with the next. Written atomically, weights inside the
    file; needs the package onnxscript, else E503. `casts_at_border` keeps every operation but
    the first and last casts away from bytes, and computes in half precision if the spec says so.
    """
    graph, inputs = _traced(spec, casts_at_border=casts_at_border)
    has_memory = len(inputs) > 2
    partial = path.with_name(path.name + ".partial")
    try:
        with _quiet_exporter(), torch.inference_mode():
            program = torch.onnx.export(
                graph,
                inputs,
                dynamo=True,
                opset_version=OPSET,
                input_names=["frame", "look", "memory"][: 2 + has_memory],
                output_names=["cartoon", "memory_after"][: 1 + has_memory],
                verbose=False,
            )
    except ModuleNotFoundError as error:
        raise EngineError(
            "E503", f"the ONNX exporter needs {error.name}", 'pip install "livecartoon[ort]"'
        ) from error
    assert program is not None
    program.save(partial)
    partial.replace(path)


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keep back what the exporter says of its own parts and of torchvision's."""
    log = logging.getLogger("torch.onnx._internal.exporter._registration")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def _traced(spec: EngineSpec, *, casts_at_border: bool) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """The module to export and its example inputs."""
    if not casts_at_border:
        graph = build_graph(spec)
        return graph, example_inputs(spec, graph.memory_size)
    dtype = torch.half if spec.precision == "fp16" else torch.float32
    frame, look = example_inputs(spec)
    return CastAtBorder(without_memory(spec), dtype).eval(), (frame, look.to(dtype))


def onnx_bytes(spec: EngineSpec, *, casts_at_border: bool = False) -> bytes:
    """Return the file of `export_onnx` as bytes."""
    with tempfile.TemporaryDirectory(prefix="livecartoon-onnx-") as folder:
        path = Path(folder) / "engine.onnx"
        export_onnx(spec, path, casts_at_border=casts_at_border)
        return path.read_bytes()
