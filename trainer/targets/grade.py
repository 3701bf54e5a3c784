"""From flat fills to the style's colours: tone, lights, bands, hues, glow."""

from dataclasses import dataclass

import numpy as np

from trainer.targets.colour import chroma_and_hue, oklab_to_rgb, rgb_to_oklab
from trainer.targets.filters import guided_filter
from trainer.targets.masks import Masks
from trainer.targets.parameters import HueRule, StyleParameters
from trainer.targets.planes import (
    Array,
    gaussian,
    luminance,
    pixels,
    relative_scale,
    smoothstep,
    sobel_magnitude,
)


@dataclass(frozen=True, slots=True)
class _Fill:
    """The ungraded fills in OKLCh, and the masks that decide how each colour is treated."""

    lightness: Array
    chroma: Array
    hue: Array  # degrees, 0..360
    lights: Array  # near white
    reds: Array  # strong red and orange
    masks: Masks
    scale: float


def grade(fills: Array, masks: Masks, parameters: StyleParameters) -> Array:
    """The graded RGB picture of flat RGB fills."""
    lab = rgb_to_oklab(fills)
    chroma, hue = chroma_and_hue(lab)
    fill = _Fill(
        lightness=lab[..., 0],
        chroma=chroma,
        hue=hue,
        lights=smoothstep(lab[..., 0], 0.74, 0.90),
        reds=_find_reds(chroma, hue),
        masks=masks,
        scale=relative_scale(fills),
    )
    lightness = _tone(fill, parameters)
    lightness = _separate_lights(lightness, fill, parameters)
    # A lifted red is salmon, a lifted orange leaves the gamut and returns as peach.
    lightness = lightness - 0.75 * fill.reds * np.maximum(lightness - fill.lightness, 0)
    lightness = _band(lightness, fill, parameters)
    graded = _colour(lightness, fill, parameters)
    return _bloom(oklab_to_rgb(graded), parameters)


def _find_reds(chroma: Array, hue: Array) -> Array:
    around_zero = np.maximum(1 - smoothstep(hue, 42, 60), smoothstep(hue, 340, 355))
    oranges = smoothstep(hue, 35, 45) * (1 - smoothstep(hue, 72, 86))
    return np.maximum(
        around_zero * smoothstep(chroma, 0.09, 0.15), oranges * smoothstep(chroma, 0.125, 0.17)
    )


def _tone(fill: _Fill, parameters: StyleParameters) -> Array:
    """Large-scale local contrast, toe, gamma and S-curve; the lights keep their tone."""
    before = fill.lightness
    shapes = before - guided_filter(before, before, pixels(24, fill.scale), 4e-3)
    # Upwards it would be a glow round dark things in front of a sky.
    fade = np.where(shapes > 0, 1 - 0.9 * smoothstep(before, 0.60, 0.82), np.float32(1))
    after = np.clip(before + 0.5 * parameters.local_contrast * shapes * fade, 0, 1)
    after = parameters.toe + (1 - parameters.toe) * np.power(after, np.float32(parameters.gamma))
    after = np.clip(after - parameters.contrast * np.sin(2 * np.pi * after) / np.pi, 0, 1)
    return after - np.maximum(after - before, 0) * smoothstep(before, 0.62, 0.90)


def _separate_lights(lightness: Array, fill: _Fill, parameters: StyleParameters) -> Array:
    """Pull the tones of clouds, snow and shirts apart.

    The mean is one of the lights only: a mean of everything made white halos round dark figures.
    """
    lights, sigma = fill.lights, 24 * fill.scale
    tiny = np.float32(2e-3)
    mean = gaussian(fill.lightness * (lights + tiny), sigma) / (gaussian(lights, sigma) + tiny)
    spread = np.clip(fill.lightness - mean, -0.10, 0.04)
    curve = np.sin(np.pi * np.clip((fill.lightness - 0.74) / 0.26, 0, 1))
    separated: Array = lightness + lights * (spread - parameters.shoulder * curve)
    return separated


def _band(lightness: Array, fill: _Fill, parameters: StyleParameters) -> Array:
    """Soft cel-shading steps, sharp at edges, weak in skies, faces and lights."""
    edges = gaussian(sobel_magnitude(lightness), 1.0)
    sharpness = 2 + 6 * smoothstep(edges, 0.004, 0.06)
    level = np.floor(lightness * parameters.bands)
    place = lightness * parameters.bands - level - 0.5
    step = 0.5 * np.tanh(place * sharpness) / np.tanh(0.5 * sharpness)
    banded = (level + 0.5 + step) / parameters.bands
    share = parameters.band_mix * (1 - 0.9 * fill.masks.sky) * (1 - 0.7 * fill.masks.face)
    mixed: Array = lightness + share * (1 - 0.6 * fill.lights) * (banded - lightness)
    return mixed


def _colour(lightness: Array, fill: _Fill, parameters: StyleParameters) -> Array:
    """Hue table, chroma and split toning: the graded OKLab picture."""
    skin, chroma, hue = fill.masks.skin, fill.chroma, fill.hue
    shift, gain, lift = _look_up(hue, parameters.hue_rules)
    coloured = smoothstep(chroma, 0.02, 0.07)
    lightness = lightness + lift * coloured * (1 - fill.lights)
    blues = smoothstep(hue, 205, 235) * (1 - smoothstep(hue, 275, 300))
    blues = blues * smoothstep(chroma, 0.03, 0.14) * smoothstep(lightness, 0.35, 0.7)
    lightness = lightness - parameters.blue_deepening * blues
    angle = np.radians(hue + shift * coloured * (1 - 0.85 * skin))
    strength = _chroma(fill, 1 + (gain - 1) * coloured, parameters)
    darks, lights = 1 - smoothstep(lightness, 0.15, 0.68), smoothstep(lightness, 0.65, 0.98)
    toned = (1 - 0.7 * skin) * (1 - 0.8 * fill.reds)
    axes = [np.clip(lightness, 0, 1)]
    for direction, dark, light in zip(
        (np.cos(angle), np.sin(angle)), parameters.shadow_tint, parameters.light_tint, strict=True
    ):
        axes.append(strength * direction + (dark * darks + light * lights) * toned)
    return np.dstack(axes).astype(np.float32)


def _chroma(fill: _Fill, hue_gain: Array, parameters: StyleParameters) -> Array:
    """Chroma after all gains; greys, cream and dark hair stay what they are."""
    chroma, hue, skin = fill.chroma, fill.hue, fill.masks.skin
    coloured = smoothstep(chroma, 0.008, 0.035)
    gained = chroma * (1 + coloured * (parameters.chroma_gain - 1)) * hue_gain
    gained = gained * (1 + parameters.vibrance * coloured * np.exp(-chroma / 0.06))
    dark = 1 - smoothstep(fill.lightness, 0.30, 0.48)
    cool = smoothstep(hue, 215, 240) * (1 - smoothstep(hue, 300, 330))
    gained = gained * (1 - 0.6 * dark * cool * (1 - smoothstep(chroma, 0.02, 0.05)))
    gained = gained + _find_casts(fill) * np.minimum(0.6 * chroma - gained, 0)
    cream = smoothstep(hue, 60, 80) * (1 - smoothstep(hue, 110, 130))
    cream = cream * fill.lights * (1 - smoothstep(chroma, 0.05, 0.10))
    gained = gained + 0.7 * cream * np.minimum(chroma - gained, 0)
    gained = gained + 0.35 * skin * (1.08 * chroma - gained)
    ceiling = parameters.chroma_ceiling
    # The ceiling never fades a colour that was strong before.
    limited: Array = np.maximum(
        ceiling * np.tanh(gained / ceiling), np.minimum(gained, 1.03 * chroma)
    )
    return limited


def _find_casts(fill: _Fill) -> Array:
    """Where a weak violet is the camera's, not the thing's: walls and streets, no evening sky."""
    violet = smoothstep(fill.hue, 262, 284) * (1 - smoothstep(fill.hue, 345, 358))
    weak = 1 - smoothstep(fill.chroma, 0.04, 0.08)
    return np.asarray(violet * weak * (1 - fill.masks.sky), np.float32)


def _look_up(hue: Array, rules: tuple[HueRule, ...]) -> tuple[Array, Array, Array]:
    """Hue shift, chroma gain and lift of every pixel, interpolated round the hue circle."""
    first, last = rules[0], rules[-1]
    around = (last._replace(hue=last.hue - 360), *rules, first._replace(hue=first.hue + 360))
    # Whole degrees are finer than any rule: a table look-up instead of three interpolations.
    degrees = np.arange(361)
    hues = [rule.hue for rule in around]
    nearest = np.rint(hue).astype(np.intp)
    shift, gain, lift = (
        np.interp(degrees, hues, column).astype(np.float32)[nearest]
        for column in zip(*(rule[1:] for rule in around), strict=True)
    )
    return shift, gain, lift


def _bloom(graded: Array, parameters: StyleParameters) -> Array:
    """Glow of the lights, screened over the picture."""
    if not parameters.bloom:
        return graded
    scale = relative_scale(graded)
    start = parameters.bloom_start
    lights = smoothstep(luminance(graded), start - 0.08, 1.0)[..., None] * graded
    glow = 0.6 * gaussian(lights, 6 * scale) + 0.4 * gaussian(lights, 22 * scale)
    return 1 - (1 - graded) * (1 - np.float32(parameters.bloom) * glow)
