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

    Written atomically; needs the package onnxscript.
    """
    partial = path.with_name(path.name + ".partial")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own parts
        program = torch.onnx.export(
            build_graph(spec),
            example_inputs(spec),
            dynamo=True,
            opset_version=OPSET,
            input_names=["frame", "look"],
            output_names=["cartoon"],
            verbose=False,
        )
    assert program is not None
    program.save(partial)
    partial.replace(path)
