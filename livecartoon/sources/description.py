"""What a stream says of itself, turned into a VideoInfo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import av.container
import av.video.frame
import av.video.stream

from livecartoon.sources import colour, prepare
from livecartoon.sources.base import Colour, VideoInfo
from livecartoon.sources.completeness import expectation

#: `AVFieldOrder`: 0 unknown, 1 progressive, the rest interlaced.
PROGRESSIVE = (0, 1)
#: A change of shape that comes from rounding to even sizes.
NEGLIGIBLE = Fraction(1, 100)
#: (width, height) of a source -> (width, height) wanted.
Fit = Callable[[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """How the stored pixels are to be read."""

    matrix: int
    color_range: int
    primaries: int
    transfer: int
    filters: prepare.Filters
    is_interlaced: bool
    display_matrix: tuple[int, ...] | None
    """As stored, where no filter undoes it."""
    warnings: tuple[str, ...]


def frame_facts(
    frame: av.video.frame.VideoFrame,
    stream: av.video.stream.VideoStream,
    *,
    deinterlaces: bool = True,
) -> FrameFacts:
    """Return how `frame`, the first of `stream`, and all after it are to be read."""
    filters = prepare.upright_filters(prepare.display_matrix(frame))
    warnings = []
    if filters is None:
        warnings.append("its rotation, by no right angle, is left to the player")
    stated = frame.colorspace if frame.colorspace != colour.UNSPECIFIED else stream.colorspace
    if stated == 8:
        warnings.append("its YCgCo colours are not known here and read as BT.709 or BT.601")
    ranged = frame.color_range or stream.color_range
    transfer = frame.color_trc if frame.color_trc != colour.UNSPECIFIED else stream.color_trc
    if colour.is_hdr(transfer):
        warnings.append("HDR is tone-mapped to BT.709; HDR metadata is not carried over")
    is_interlaced = stream.codec_context.field_order not in PROGRESSIVE
    if is_interlaced or frame.interlaced_frame:
        done = "de-interlaced to the same frame rate" if deinterlaces else "its fields stay woven"
        warnings.append(f"interlaced: {done}")
    if any(c.is_alpha for c in frame.format.components) or stream.metadata.get("alpha_mode") == "1":
        warnings.append("its transparency is dropped")
    return FrameFacts(
        matrix=colour.resolve_matrix(int(stated), frame.width, frame.height),
        color_range=colour.resolve_range(int(ranged), frame.format.name),
        primaries=int(frame.color_primaries),
        transfer=int(transfer),
        filters=filters or (),
        is_interlaced=is_interlaced,
        display_matrix=prepare.stored_matrix(frame) if filters is None else None,
        warnings=tuple(warnings),
    )


def describe(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    frame: av.video.frame.VideoFrame,
    facts: FrameFacts,
) -> VideoInfo:
    """Return what is known before the first frame is used; sizes upright."""
    swapped = prepare.swaps_sides(facts.filters)
    width, height = (frame.height, frame.width) if swapped else (frame.width, frame.height)
    expected = expectation(container, stream)
    assert stream.time_base
    time_base = Fraction(stream.time_base.numerator, stream.time_base.denominator)
    if colour.is_hdr(facts.transfer):
        written = Colour()
    else:
        written = colour.output_colour(
            facts.matrix, facts.color_range, facts.primaries, facts.transfer
        )
    return VideoInfo(
        width=width,
        height=height,
        time_base=time_base,
        rate=_rate(stream),
        frames=expected.frames,
        duration_s=expected.video_s or expected.all_s,
        sample_aspect_ratio=_aspect(stream, swapped),
        colour=written,
        codec=stream.codec_context.codec.canonical_name,
        display_matrix=facts.display_matrix,
        warnings=facts.warnings,
    )


def fitted(info: VideoInfo, fit: Fit) -> VideoInfo:
    """Return the description of the same picture scaled to the size `fit` asks for.

    Where that is another shape, the pixels are made as much narrower or wider: faces stay round.
    """
    width, height = fit(info.width, info.height)
    aspect = info.sample_aspect_ratio or Fraction(1)
    squeezed = Fraction(info.width * height, info.height * width)
    if abs(squeezed - 1) > NEGLIGIBLE:
        aspect = (aspect * squeezed).limit_denominator(1000)
    kept = aspect if info.sample_aspect_ratio or aspect != 1 else None
    return replace(info, width=width, height=height, sample_aspect_ratio=kept)


def _rate(stream: av.video.stream.VideoStream) -> Fraction | None:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate:
            return Fraction(rate.numerator, rate.denominator)
    return None


def _aspect(stream: av.video.stream.VideoStream, swapped: bool) -> Fraction | None:
    ratio = stream.sample_aspect_ratio
    if not ratio:
        return None
    exact = Fraction(ratio.numerator, ratio.denominator)
    return 1 / exact if swapped else exact
