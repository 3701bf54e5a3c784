"""A picture's values between its pixels, bicubic: all twelve numbers of a row in one register."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.core.extending import intrinsic
from numpy.typing import NDArray

from livecartoon.compiled import compiled, part
from livecartoon.temporal.planes import Floats

Ints: TypeAlias = NDArray[np.int32]
_ONE, _LEAST, _MOST = np.float32(1), np.float32(0), np.float32(255)
_SLOPE = np.float32(-0.75)
"""Of Keys' kernel at distance 1, as in OpenCV's bicubic."""
_TAPS = 4
_NUMBERS = 3 * _TAPS


@compiled
def fetch_cubic(picture: Floats, flow: Floats, times: np.float32, top: int, out: Floats) -> None:
    """Fill `out` (h, 3W) with `picture` (H, 3W) where `flow` (2, H, W), x and y, points from there.

    `times` as far as it says. Row 0 of `out` is row `top` of the picture. Values are of 0..255 and
    stay there; edges go on beyond the picture. R. Keys, Cubic convolution interpolation, 1981,
    equation 15 for any slope. Half the time of OpenCV's remap.
    """
    height, stride = picture.shape
    width = stride // 3
    flat = picture.reshape(-1)
    across, down = np.empty((_TAPS, width), np.float32), np.empty((_TAPS, width), np.float32)
    first = np.empty(width, np.int32)
    for row in range(out.shape[0]):
        y = top + row
        _weigh(flow[0, y], flow[1, y], times, y, height, across, down, first)
        for x in range(width):
            if first[x] >= 0:
                red, green, blue = _sum_of_sixteen(flat, first[x], stride, down, across, x)
                out[row, 3 * x] = min(max(red, _LEAST), _MOST)
                out[row, 3 * x + 1] = min(max(green, _LEAST), _MOST)
                out[row, 3 * x + 2] = min(max(blue, _LEAST), _MOST)
            else:
                _beside_the_edge(picture, flow[:, y, x], times, y, x, across, down, out[row])


@part
def _weigh(
    flow_x: Floats,
    flow_y: Floats,
    times: np.float32,
    y: int,
    height: int,
    across: Floats,
    down: Floats,
    first: Ints,
) -> None:
    """Write the weights (4, W) of the columns and rows, and where the first number lies, or -1."""
    width = first.shape[0]
    for x in range(width):
        at_x, at_y = np.float32(x) + times * flow_x[x], np.float32(y) + times * flow_y[x]
        left, above = np.floor(at_x), np.floor(at_y)
        across[0, x], across[1, x], across[2, x], across[3, x] = _kernel(at_x - left)
        down[0, x], down[1, x], down[2, x], down[3, x] = _kernel(at_y - above)
        column, line = np.int32(left) - 1, np.int32(above) - 1
        is_inside = column >= 0 and line >= 0 and column + 3 < width and line + 3 < height
        first[x] = 3 * (line * width + column) if is_inside else -1


@part
def _kernel(t: np.float32) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Return the weights of the two neighbours before and the two after, for t in 0..1."""
    rest = _ONE - t
    before, after = _SLOPE * t * rest * rest, _SLOPE * rest * t * t
    near = ((_SLOPE + 2 * _ONE) * t - (_SLOPE + 3 * _ONE)) * t * t + _ONE
    return before, near, _ONE - before - near - after, after


@part
def _beside_the_edge(
    picture: Floats,
    flow: Floats,
    times: np.float32,
    y: int,
    x: int,
    across: Floats,
    down: Floats,
    out: Floats,
) -> None:
    height, stride = picture.shape
    column = np.int32(np.floor(np.float32(x) + times * flow[0])) - 1
    line = np.int32(np.floor(np.float32(y) + times * flow[1])) - 1
    for colour in range(3):
        total = _LEAST
        for i in range(_TAPS):
            row = min(max(line + i, 0), height - 1)
            for k in range(_TAPS):
                place = 3 * min(max(column + k, 0), stride // 3 - 1) + colour
                total += down[i, x] * across[k, x] * picture[row, place]
        out[3 * x + colour] = min(max(total, _LEAST), _MOST)


def _typed(
    context: Any,  # noqa: ANN401, numba is untyped
    flat: Any,  # noqa: ANN401
    first: Any,  # noqa: ANN401
    stride: Any,  # noqa: ANN401
    down: Any,  # noqa: ANN401
    across: Any,  # noqa: ANN401
    x: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Three sums over 4 x 4 pixels from `first` on, weighed by column `x` of `down` and `across`.

    Written for the compiler's back end: what it makes of loops over twelve numbers is slower than
    one number after the other.
    """
    signature = types.UniTuple(types.float32, 3)(  # type: ignore[no-untyped-call]
        flat, types.int64, types.int64, down, across, types.int64
    )
    return signature, _emit


_sum_of_sixteen: Any = intrinsic(_typed)  # its stubs count the context, which no caller gives


def _emit(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:  # noqa: ANN401
    """Write the instructions of `_typed`."""
    flat, place, stride, down, across, x = args
    number = ir.FloatType()
    numbers = ir.VectorType(number, _NUMBERS)
    pointer = context.make_array(signature.args[0])(context, builder, flat).data
    rows = _weights(context, builder, signature.args[3], down, x)
    columns = _weights(context, builder, signature.args[4], across, x)
    total = ir.Constant(numbers, [0.0] * _NUMBERS)
    for tap in range(_TAPS):
        address = builder.bitcast(builder.gep(pointer, [place]), numbers.as_pointer())
        row = builder.load(address)
        row.align = 4
        weight = _spread(builder, rows[tap], [0] * _NUMBERS)
        total = builder.fadd(total, builder.fmul(row, weight, flags=("fast",)), flags=("fast",))
        place = builder.add(place, stride)
    weights = ir.Constant(ir.VectorType(number, _TAPS), [0.0] * _TAPS)
    for tap in range(_TAPS):
        weights = builder.insert_element(weights, columns[tap], _index(tap))
    weight = _shuffled(builder, weights, [k // 3 for k in range(_NUMBERS)])
    total = builder.fmul(total, weight, flags=("fast",))
    pixels = [_shuffled(builder, total, [3 * k, 3 * k + 1, 3 * k + 2]) for k in range(_TAPS)]
    left = builder.fadd(pixels[0], pixels[1], flags=("fast",))
    right = builder.fadd(pixels[2], pixels[3], flags=("fast",))
    pixel = builder.fadd(left, right, flags=("fast",))
    colours = [builder.extract_element(pixel, _index(colour)) for colour in range(3)]
    return context.make_tuple(builder, signature.return_type, colours)


def _weights(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, x: Any) -> list[Any]:  # noqa: ANN401
    """Load column `x` of an array (4, W)."""
    whole = context.make_array(kind)(context, builder, array)
    width = builder.extract_value(whole.shape, 1)
    column = []
    for _ in range(_TAPS):
        column.append(builder.load(builder.gep(whole.data, [x])))
        x = builder.add(x, width)
    return column


def _spread(builder: ir.IRBuilder, number: Any, places: list[int]) -> Any:  # noqa: ANN401
    one = ir.Constant(ir.VectorType(ir.FloatType(), 1), [0.0])
    return _shuffled(builder, builder.insert_element(one, number, _index(0)), places)


def _shuffled(builder: ir.IRBuilder, vector: Any, places: list[int]) -> Any:  # noqa: ANN401
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(places)), places)
    return builder.shuffle_vector(vector, vector, mask)


def _index(number: int) -> ir.Constant:
    return ir.Constant(ir.IntType(32), number)
