"""From a photo to flat fills: texture goes, plateaus and borders come, features stay."""

from dataclasses import dataclass

import numpy as np
from skimage.segmentation import felzenszwalb

from trainer.targets.filters import guided_filter, kuwahara, l0_smooth
from trainer.targets.flow import blur_along, cohere, find_flow, walk_along, walk_length
from trainer.targets.masks import Masks
from trainer.targets.parameters import FillParameters
from trainer.targets.planes import (
    Array,
    brightest_channel,
    clamp_to_neighbours,
    gaussian,
    luminance,
    mix,
    pixels,
    relative_scale,
    smoothstep,
)

# Work is done on opened shadows: otherwise dark leaves fall into one black cluster.
_OPENING = 0.8
_SKIN_PLATEAU = 0.022  # 0.035 fused hands with shirts in warm light
_VISIBLE_SKIN = 0.02


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the steps share: versions of the photo and (H, W) maps in 0..1."""

    photo: Array  # with opened shadows
    dabs: Array  # smallest Kuwahara version
    fine: Array  # small-window fills
    guide: Array  # softened luma, the guide of all edge-aware filters
    contrast: Array  # local contrast, colour included
    hair: Array  # directed texture
    near_skin: Array
    detail: Array  # features to keep: eyes, mouths, letters
    masks: Masks  # clutter already weighted by the style
    scale: float


def flatten(
    photo: Array, lab: Array, masks: Masks, parameters: FillParameters
) -> tuple[Array, Array]:
    """Flat fills of a cleaned RGB photo, and the little-smoothed picture its lines come from."""
    scene, coarse = _survey(photo, lab, masks, parameters)
    fills = _two_scale_fills(scene, coarse, parameters)
    fills = _plateaus(fills, scene, parameters)
    fills = _region_colours(fills, scene, parameters)
    kept = np.maximum(scene.masks.clutter, 0.8 * scene.detail)
    fills = _sharpen_shapes(fills, scene, kept, 1, 1.5)
    fills = _flatten_skin(fills, scene, parameters)
    fills = _restore_softness(fills, scene, lab[..., 0], parameters)
    calm = 0.85 * (1 - scene.masks.clutter) * (1 - 0.8 * scene.masks.sky)
    source = mix(fills, scene.dabs, calm)
    return _close_shadows(fills), _close_shadows(source)


def _survey(
    photo: Array, lab: Array, masks: Masks, parameters: FillParameters
) -> tuple[_Scene, Array]:
    """The shared scene and its coarse fills."""
    scale = relative_scale(photo)
    opened = np.power(photo, np.float32(_OPENING))
    flow = find_flow(opened, 2 * scale, denoise_sigma=0.7)
    hair = smoothstep(flow.anisotropy, 0.40, 0.75) * (1 - masks.sky)
    hair = hair * smoothstep(gaussian(flow.gradient, 2 * scale), 0.004, 0.014)
    # Hair, planks and folds are brushed along the flow: a round window makes caps of them.
    dabs = kuwahara(opened, 1, 4)
    strand = 2.2 * scale
    strands = blur_along(dabs, walk_along(flow.tangent, walk_length(strand)), strand)
    fine = kuwahara(opened, pixels(1.6, scale), 6)
    coarse = kuwahara(opened, max(2, round(parameters.brush_radius * scale)))
    weighted = _weigh_clutter(masks, parameters)
    contrast = _local_contrast(lab, scale)
    near_skin = np.maximum(smoothstep(gaussian(masks.skin, 9 * scale), 0.15, 0.45), masks.face)
    scene = _Scene(
        photo=opened,
        dabs=dabs,
        fine=mix(fine, strands, 0.5 * parameters.fineness * hair),
        guide=gaussian(luminance(opened), 0.8 * scale),
        contrast=contrast,
        hair=hair,
        near_skin=near_skin,
        detail=_find_detail(contrast, near_skin, weighted, parameters),
        masks=weighted,
        scale=scale,
    )
    return scene, mix(coarse, strands, 0.8 * parameters.fineness * hair)


def _weigh_clutter(masks: Masks, parameters: FillParameters) -> Masks:
    clutter = masks.clutter * np.float32(parameters.fineness)
    return Masks(masks.skin, masks.sky, clutter, masks.face, masks.small_face)


def _local_contrast(lab: Array, scale: float) -> Array:
    """Contrast with colour in it, so that a yellow number on blue counts as structure."""
    colours = lab * np.array([1, 1.6, 1.6], np.float32)
    difference = np.abs(colours - gaussian(colours, 2.5 * scale))
    return gaussian(brightest_channel(difference), 3 * scale)


def _find_detail(
    contrast: Array, near_skin: Array, masks: Masks, parameters: FillParameters
) -> Array:
    """Features of faces, whole small faces, and hard small structure such as letters."""
    features = near_skin * smoothstep(contrast, 0.014, 0.045) * (1 - 0.5 * masks.skin)
    in_face = masks.face * smoothstep(contrast, 0.010, 0.035) * (1 - 0.3 * masks.skin)
    letters = smoothstep(contrast, 0.05, 0.12) * (1 - masks.clutter) * (1 - masks.sky)
    letters = 0.6 * parameters.fineness * letters
    detail: Array = np.maximum.reduce([features, in_face, 0.85 * masks.small_face, letters])
    return detail


def _two_scale_fills(scene: _Scene, coarse: Array, parameters: FillParameters) -> Array:
    """Coarse fills where contrast is weak, fine ones elsewhere, the photo itself in features."""
    threshold = parameters.structure_contrast
    weak = 1 - smoothstep(scene.contrast, 0.4 * threshold, 1.2 * threshold)
    weak = weak * (1 - 0.5 * scene.near_skin) * (1 - 0.6 * scene.masks.clutter)
    fills = mix(scene.fine, coarse, weak)
    fills = mix(fills, scene.photo, 0.8 * scene.detail)
    kept = np.maximum(0.8 * scene.masks.clutter, 0.7 * scene.detail)
    return _sharpen_shapes(fills, scene, kept, parameters.coherence_rounds, 2.0)


def _sharpen_shapes(fills: Array, scene: _Scene, kept: Array, rounds: int, sigma: float) -> Array:
    """Vector-like borders where `kept` is low, without halos.

    Unclamped, the shock step drew worm-like white and dark rims into twigs.
    """
    shaped = cohere(fills, rounds, sigma * scene.scale, 0.5)
    return clamp_to_neighbours(mix(fills, shaped, 1 - kept), fills)


def _plateaus(fills: Array, scene: _Scene, parameters: FillParameters) -> Array:
    flat = l0_smooth(fills, parameters.plateau_strength)
    # Leaves become two or three tones, not one blob.
    clusters = kuwahara(scene.photo, max(2, round(2.5 * scene.scale)))
    flat = mix(flat, clusters, 0.45 * scene.masks.clutter)
    return mix(flat, fills, 0.6 * scene.detail)


def _region_colours(fills: Array, scene: _Scene, parameters: FillParameters) -> Array:
    """Pull regions to one colour; borders that the photo does not have dissolve again."""
    scale, masks = scene.scale, scene.masks
    regions = _region_means(fills, parameters.region_scale * scale, max(4, int(8 * scale * scale)))
    soft = guided_filter(regions, scene.guide, pixels(5, scale), 4e-4)
    regions = regions + np.float32(parameters.fineness) * (soft - regions)
    share = parameters.region_mix * (1 - 0.8 * masks.sky) * (1 - 0.4 * masks.skin)
    share = share * (1 - 0.8 * scene.detail) * (1 - 0.3 * masks.clutter)
    fills = mix(fills, regions, share)
    # The same for the stairs of plateaus in mist, on roads and necks.
    soft = guided_filter(fills, scene.guide, pixels(5, scale), 3e-4)
    calm = (1 - smoothstep(scene.contrast, 0.012, 0.035)) * (1 - 0.6 * scene.near_skin)
    return mix(fills, soft, 0.7 * parameters.fineness * calm)


def _region_means(fills: Array, region_scale: float, min_pixels: int) -> Array:
    labels = felzenszwalb(fills, scale=region_scale, sigma=0.3, min_size=min_pixels, channel_axis=2)
    flat_labels = labels.ravel()
    counts = np.bincount(flat_labels)
    sums = [np.bincount(flat_labels, fills[..., channel].ravel()) for channel in range(3)]
    means = (np.stack(sums, -1) / counts[:, None]).astype(np.float32)
    return np.asarray(means[labels], dtype=np.float32)


def _flatten_skin(fills: Array, scene: _Scene, parameters: FillParameters) -> Array:
    """Two or three tones on skin, features kept."""
    skin = scene.masks.skin * (1 - 0.8 * scene.detail)
    share = parameters.skin_flatness * skin * (1 - 0.7 * gaussian(scene.hair, 3 * scene.scale))
    rows = np.nonzero(share.max(1) > _VISIBLE_SKIN)[0]
    columns = np.nonzero(share.max(0) > _VISIBLE_SKIN)[0]
    if rows.size == 0:
        return fills
    # Only the part of the picture that holds skin: L0 is the dearest filter of all.
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    tones = l0_smooth(np.clip(fills[part], 0, 1), _SKIN_PLATEAU, growth=2.5)
    tones = guided_filter(tones, scene.guide[part], pixels(4, scene.scale), 4e-4)
    result = fills.copy()
    result[part] = mix(fills[part], tones, share[part])
    return result


def _restore_softness(
    fills: Array, scene: _Scene, lightness: Array, parameters: FillParameters
) -> Array:
    """Give back gradients in skies and lights, soft shading, and a little small structure."""
    scale, masks = scene.scale, scene.masks
    soft = guided_filter(scene.fine, scene.fine, pixels(8, scale), 4e-4)
    fills = mix(fills, soft, 0.75 * masks.sky * (1 - smoothstep(scene.contrast, 0.03, 0.08)))
    lost = guided_filter(scene.photo - fills, scene.guide, pixels(6, scale), 1e-3)
    share = parameters.shading * (1 - 0.8 * masks.clutter) * (1 - 0.3 * masks.skin)
    fills = fills + share[..., None] * lost
    lights = smoothstep(lightness, 0.78, 0.90) * (1 - scene.detail)
    fills = mix(fills, soft, 0.4 * lights)
    if not parameters.detail:
        return fills
    small = scene.fine - gaussian(scene.fine, 3 * scale)
    small = small * (parameters.detail * (1 - masks.skin))[..., None]
    return clamp_to_neighbours(fills + small, fills, radius=2)


def _close_shadows(picture: Array) -> Array:
    return np.power(np.clip(picture, 0, 1), np.float32(1 / _OPENING))
