"""The whole picture path as an ONNX file, for runtimes that take nothing else."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from livecartoon.backends.base import EngineSpec
from livecartoon.backends.graph import build_graph, example_inputs

OPSET = 18


def export_onnx(spec: EngineSpec, path: Path) -> None:
    """Write the engine's graph: uint8 `frame` (1, H, W, 3) and `look` (4,) to uint8 `cartoon`.

    A style with `norm = ema-inputs` also has a `memory` (n,) float32, zeros before the first
    frame, and a `memory_after` to give with the next. Written atomically; needs the package
    onnxscript.
    """
    partial = path.with_name(path.name + ".partial")
    graph = build_graph(spec)
    has_memory = graph.memory_size > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own parts
        program = torch.onnx.export(
            graph,
            example_inputs(spec, graph.memory_size),
            dynamo=True,
            opset_version=OPSET,
            input_names=["frame", "look", "memory"][: 2 + has_memory],
            output_names=["cartoon", "memory_after"][: 1 + has_memory],
            verbose=False,
        )
    assert program is not None
    program.save(partial)
    partial.replace(path)
