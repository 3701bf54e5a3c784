"""Edge directions, and the filters that follow them."""

from dataclasses import dataclass

import cv2
import numpy as np

from trainer.targets.planes import Array, gaussian, luminance, mix, pixel_grid, sample, smoothstep


@dataclass(frozen=True, slots=True)
class Flow:
    """Where edges run: unit `tangent` (H, W, 2) as (x, y), `anisotropy` 0..1, `gradient`."""

    tangent: Array
    anisotropy: Array
    gradient: Array

    @property
    def normal(self) -> Array:
        """Unit vectors across the edges, (H, W, 2) as (x, y)."""
        return np.dstack([-self.tangent[..., 1], self.tangent[..., 0]])


def find_flow(values: Array, sigma: float, denoise_sigma: float = 0.0) -> Flow:
    """Edge directions of a plane or picture, averaged over `sigma` px (structure tensor)."""
    if denoise_sigma:
        values = gaussian(values, denoise_sigma)
    values = values if values.ndim == 3 else values[..., None]
    shape = values.shape
    # 32 is the gain of the Scharr kernel: gradients become differences per pixel.
    across = np.asarray(cv2.Scharr(values, cv2.CV_32F, 1, 0)).reshape(shape) / 32
    down = np.asarray(cv2.Scharr(values, cv2.CV_32F, 0, 1)).reshape(shape) / 32
    pairs = [(across, across), (across, down), (down, down)]
    tensor = np.dstack([np.einsum("hwc,hwc->hw", one, other) for one, other in pairs])
    gradient = np.sqrt(tensor[..., 0] + tensor[..., 2])
    xx, xy, yy = np.moveaxis(gaussian(tensor, sigma), -1, 0)
    spread = np.sqrt(np.maximum((xx - yy) ** 2 + 4 * xy * xy, 1e-16))
    # Half-angle formulas give the gradient's direction without trigonometry.
    cosine = (xx - yy) / spread
    normal_x = np.sqrt(np.clip((1 + cosine) / 2, 0, 1))
    normal_y = np.copysign(np.sqrt(np.clip((1 - cosine) / 2, 0, 1)), xy)
    tangent = np.dstack([-normal_y, normal_x])
    return Flow(tangent, spread / (xx + yy + 1e-6), gradient)


def walk_along(tangent: Array, steps: int) -> list[Array]:
    """Positions (H, W, 2) of every pixel 1, 2, ... `steps` px along its edge: first all forward
    ones, then all backward ones. One walk serves every blur along the same edges.
    """
    grid = pixel_grid(*tangent.shape[:2])
    positions = []
    for sign in (1.0, -1.0):
        velocity = tangent * np.float32(sign)
        position = grid + velocity
        positions.append(position)
        for _ in range(steps - 1):
            velocity = _follow(tangent, position, velocity)
            position = position + velocity
            positions.append(position)
    return positions


def walk_length(sigma: float) -> int:
    """Steps that a blur of `sigma` px along the edges needs: two sigmas, at least 1."""
    return max(1, round(2 * sigma))


def blur_along(values: Array, walk: list[Array], sigma: float) -> Array:
    """Blur a plane or picture along the edges: a line integral with Gaussian weights."""
    reach = len(walk) // 2
    total, weights = values.copy(), 1.0
    for step in range(1, walk_length(sigma) + 1):
        weight = float(np.exp(-step * step / (2 * sigma * sigma)))
        for position in (walk[step - 1], walk[reach + step - 1]):
            total += np.float32(weight) * sample(values, position)
        weights += 2 * weight
    return total * np.float32(1 / weights)


def crispen(picture: Array, flow: Flow, amount: float, sigma: float = 1.2) -> Array:
    """One shock step: every pixel is pulled to its own side of the edge (at most `amount` px)."""
    light = gaussian(luminance(picture), sigma)
    normal = flow.normal
    x, y = normal[..., 0], normal[..., 1]
    curve = x * x * cv2.Sobel(light, cv2.CV_32F, 2, 0) + y * y * cv2.Sobel(light, cv2.CV_32F, 0, 2)
    curve = curve + 2 * x * y * cv2.Sobel(light, cv2.CV_32F, 1, 1)
    uphill = x * cv2.Sobel(light, cv2.CV_32F, 1, 0) + y * cv2.Sobel(light, cv2.CV_32F, 0, 1)
    step = -np.tanh(40 * curve) * np.sign(uphill) * np.float32(amount)
    return sample(picture, pixel_grid(*light.shape) + step[..., None] * normal)


def cohere(picture: Array, rounds: int, sigma: float, amount: float) -> Array:
    """Smooth along edges and sharpen across them: vector-like borders without jags."""
    for _ in range(rounds):
        flow = find_flow(picture, 2.0)
        along = blur_along(picture, walk_along(flow.tangent, walk_length(sigma)), sigma)
        picture = mix(picture, along, smoothstep(flow.anisotropy, 0.35, 0.8))
        picture = crispen(picture, flow, amount)
    return picture


def _follow(tangent: Array, position: Array, velocity: Array) -> Array:
    """The tangent at `position`, turned so that a walk along it does not reverse."""
    there = sample(tangent, position)
    agreement = there[..., 0] * velocity[..., 0] + there[..., 1] * velocity[..., 1]
    return there * np.where(agreement < 0, np.float32(-1), np.float32(1))[..., None]
