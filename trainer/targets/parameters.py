"""What makes one style differ from another: numbers only, the code is the same for all."""

from dataclasses import dataclass
from typing import NamedTuple


class HueRule(NamedTuple):
    """What happens to colours around one OKLCh hue; between rules the values are interpolated."""

    hue: float  # degrees
    shift: float  # degrees
    gain: float  # factor on chroma
    lift: float  # added OKLab lightness


@dataclass(frozen=True, slots=True)
class FillParameters:
    """How a photo is flattened; lengths are pixels at 480 lines, mixes 0..1.

    Styles with equal fills share the dearest part of a target.
    """

    brush_radius: float  # px: window that erases weak texture
    structure_contrast: float  # local contrast at which the small window takes over
    coherence_rounds: int  # passes that make borders vector-like
    plateau_strength: float  # lambda of the L0 smoothing
    region_mix: float  # how much of a region's mean colour is used
    region_scale: float  # px: larger means fewer regions
    skin_flatness: float  # mix of the two-tone version of skin
    fineness: float  # how far leaves, letters, strands and soft borders are respected
    shading: float  # share of soft shading given back to the fills
    detail: float  # gain on the small structure given back


@dataclass(frozen=True, slots=True)
class StyleParameters:
    """All knobs of a style; lengths are pixels at 480 lines, colours OKLab units, mixes 0..1."""

    fills: FillParameters
    # Tone
    toe: float  # lightness of black
    gamma: float  # below 1 lightens
    contrast: float  # depth of the S-curve
    local_contrast: float  # gain on large shapes
    shoulder: float  # depth of the highlight curve
    bands: int  # cel-shading steps between black and white
    band_mix: float
    # Colour
    chroma_gain: float  # factor on all colours
    vibrance: float  # further gain on pale colours
    chroma_ceiling: float  # OKLCh chroma that the gains approach but do not pass
    blue_deepening: float  # lightness taken from saturated blues
    shadow_tint: tuple[float, float]  # added (a, b) in the darks
    light_tint: tuple[float, float]  # added (a, b) in the lights
    hue_rules: tuple[HueRule, ...]  # ascending hues
    # Glow
    bloom: float  # opacity of the glow
    bloom_start: float  # luma from which things glow
    # Lines
    ink: float  # opacity of a full line
    ink_sigma: float  # px at which edges are looked for
    ink_threshold: float  # relative darkness of the thinnest line kept
    ink_width: tuple[float, float]  # px: thin and thick stroke
    ink_lightness: float  # ink as a share of the fill's lightness
    ink_tint: tuple[float, float]  # (a, b) added to the ink

    def __post_init__(self) -> None:
        """Refuse tables that the interpolation of hues cannot use."""
        hues = [rule.hue for rule in self.hue_rules]
        if not hues or hues != sorted(hues) or not 0 <= hues[0] <= hues[-1] < 360:
            raise ValueError(f"hue rules must ascend within 0..360 degrees, got {hues}")
