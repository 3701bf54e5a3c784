"""Post-training quantisation of the inside of a network to eight bits, for OpenVINO."""

from __future__ import annotations

import io
import logging
import re
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from livecartoon.backends.base import Build, EngineSpec
from livecartoon.backends.calibration import FRAMES, calibration_frames
from livecartoon.backends.telemetry import without_telemetry
from livecartoon.errors import EngineError

STUDENT_BODY = re.compile(r"__module\.generator\.(down|eighth|up|quarter_out)\b")
"""All but what is next to pixels: eight-bit steps there show as grain in flat fills. The block
behind the stem would save nothing, its input has to be turned into bytes first."""
CONVOLUTIONS = ("Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul")
CONSTANTS = ("Constant", "Parameter", "Result")
PIXELS_AT_ONCE = 640 * 360
"""Calibration keeps many activations; larger frames are cut down in number instead."""
LEAST_FRAMES = 24


def quantized(model: Any, spec: EngineSpec, build: Build) -> Any:  # noqa: ANN401  openvino is untyped
    """Return `model` with the body of its network in INT8; EngineError E503, E504."""
    nncf = _library()
    build.phase("calibrating")
    body = body_of(model)
    if not body:
        raise EngineError("E504", "the network has no layers to quantise", "--precision fp32")
    names = [op.get_friendly_name() for op in model.get_ordered_ops() if _is_work(op)]
    outside = [name for name in names if name not in body]
    look = np.array([1.0, 1.0, 0.0, 1.0], np.float32)
    count = frame_count(spec)
    memory = [np.zeros(tuple(port.shape), np.float32) for port in model.inputs[2:]]
    frames = [
        [frame[None], look, *memory] for frame in calibration_frames(spec.width, spec.height, count)
    ]
    with redirect_stdout(io.StringIO()):  # its progress bars; stdout is for our results
        return _quantize(nncf, model, frames, outside)


def _quantize(nncf: Any, model: Any, frames: list[list[Any]], outside: list[str]) -> Any:  # noqa: ANN401
    """Call the library: all that is not named in `outside` becomes INT8."""
    from nncf.quantization import advanced_parameters as advanced
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    return nncf.quantize(
        model,
        nncf.Dataset(frames),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(frames),
        ignored_scope=nncf.IgnoredScope(names=outside, validate=False),
        advanced_parameters=advanced.AdvancedQuantizationParameters(
            # Without VNNI, products of two full bytes overflow 16 bits when added in pairs.
            overflow_fix=advanced.OverflowFix.ENABLE,
            # The mean of the frames' extremes, the default, cuts off full-swing patterns: a
            # checkerboard then has 34 dB instead of 46.
            activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
        ),
    )


def frame_count(spec: EngineSpec) -> int:
    """How many calibration frames a size allows."""
    share = min(1.0, PIXELS_AT_ONCE / (spec.width * spec.height))
    return max(LEAST_FRAMES, round(FRAMES * share))


def body_of(model: Any) -> set[str]:  # noqa: ANN401  openvino is untyped
    """Names of the convolutions to quantise, and of the sums between them.

    For a student those of its body. For any other network all convolutions but the first and
    the last two of its path, that is, all but those next to pixels.
    """
    ops = [op for op in model.get_ordered_ops() if op.get_type_name() not in CONSTANTS]
    convolutions = [
        op.get_friendly_name()
        for op in ops
        if op.get_type_name() in CONVOLUTIONS and "__module.generator" in op.get_friendly_name()
    ]
    student = {name for name in convolutions if STUDENT_BODY.search(name)}
    return student or set(convolutions[1:-2])


def _is_work(op: Any) -> bool:  # noqa: ANN401  openvino is untyped
    return op.get_type_name() not in CONSTANTS


def _library() -> Any:  # noqa: ANN401  nncf is untyped
    try:
        with without_telemetry():
            import nncf
    except ImportError as error:
        raise EngineError(
            "E503", f"int8 needs nncf ({error})", 'pip install "livecartoon[int8]"'
        ) from error
    logging.getLogger("nncf").setLevel(logging.ERROR)
    return nncf
