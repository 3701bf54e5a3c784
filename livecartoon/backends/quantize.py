"""Post-training quantisation of the inside of a network to eight bits, for OpenVINO."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from livecartoon.backends.base import Build
from livecartoon.backends.blocks import BLOCK, CHANNELS, Packer
from livecartoon.backends.calibration import FRAMES, calibration_frames
from livecartoon.backends.telemetry import without_telemetry
from livecartoon.errors import EngineError
from livecartoon.processor import adds_products_of_bytes

NETWORK = re.compile(r"__module\.(picture\.)?generator\b")
STUDENT_BODY = re.compile(NETWORK.pattern + r"\.(down|eighth|up|quarter_out)\b")
"""All but what is next to pixels: eight-bit steps there show as grain in flat fills. The block
behind the stem would save nothing, its input has to be turned into bytes first."""
CONVOLUTIONS = ("Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul")
CONSTANTS = ("Constant", "Parameter", "Result")
PIXELS_AT_ONCE = 640 * 360
"""Calibration keeps many activations; larger frames are cut down in number instead."""
LEAST_FRAMES = 24


def quantized(model: Any, build: Build) -> Any:  # noqa: ANN401  openvino is untyped
    """Return `model` with the body of its network in INT8; EngineError E503, E504."""
    nncf = _library()
    build.phase("calibrating")
    body = body_of(model)
    if not body:
        raise EngineError("E504", "the network has no layers to quantise", "--precision fp32")
    names = [op.get_friendly_name() for op in model.get_ordered_ops() if _is_work(op)]
    outside = [name for name in names if name not in body]
    frames = list(_inputs(model))
    with redirect_stdout(io.StringIO()):  # its progress bars; stdout is for our results
        return _quantize(nncf, model, frames, outside)


def _inputs(model: Any) -> Iterator[list[Any]]:  # noqa: ANN401  openvino is untyped
    """Frames to calibrate with, in blocks if the graph takes them, and whatever else it takes."""
    shape = [*model.inputs[0].shape]
    is_packed = len(shape) == 3
    height, width = shape[1:3]
    if is_packed:
        height, width = BLOCK * height, BLOCK * (width // CHANNELS)
    look = [np.array([1.0, 1.0, 0.0, 1.0], np.float32)] if len(model.inputs) > 1 else []
    memory = [np.zeros(tuple(port.shape), np.float32) for port in model.inputs[2:]]
    packer = Packer(width, height, 1)
    for frame in calibration_frames(width, height, frame_count(width, height)):
        yield [packer.pack(frame).copy() if is_packed else frame[None], *look, *memory]


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
            # Weights of seven bits where products of full bytes would overflow 16 bits when added
            # in pairs; the eighth bit is worth 2 to 9 dB in a checkerboard.
            overflow_fix=(
                advanced.OverflowFix.DISABLE
                if adds_products_of_bytes()
                else advanced.OverflowFix.ENABLE
            ),
            # The mean of the frames' extremes, the default, cuts off full-swing patterns: a
            # checkerboard then has 34 dB instead of 46.
            activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX,
        ),
    )


def frame_count(width: int, height: int) -> int:
    """How many calibration frames a size allows."""
    share = min(1.0, PIXELS_AT_ONCE / (width * height))
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
        if op.get_type_name() in CONVOLUTIONS and NETWORK.search(op.get_friendly_name())
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
