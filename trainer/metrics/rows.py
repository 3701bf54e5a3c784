"""Rows of the table of an evaluation: what is measured of every model, controls first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.arrays import Bytes, Doubles
from trainer.metrics.artfid import artfid, artfid_name
from trainer.metrics.bootstrap import draws, interval
from trainer.metrics.candidates import Candidate
from trainer.metrics.cartoonness import cartoonness, headline, mean_of
from trainer.metrics.edges import edge_score
from trainer.metrics.extractors import FeatureExtractor, scored
from trainer.metrics.frechet import frechet_at_infinity, frechet_distance
from trainer.metrics.kid import kernel_distance_of_subsets
from trainer.metrics.palette import colour_samples, palette_distance
from trainer.metrics.perceptual import PerceptualDistance
from trainer.metrics.ssim import multiscale_ssim, ssim

LEAST_SSIM = 0.35
MOST_CLIPPED = 0.03
"""Share of clipped pixels beyond the photo's that is still good."""
Distance = dict[str, Any]


@dataclass(slots=True)
class Row:
    """One model; distances are dictionaries as in the report's JSON, None = has none."""

    model: str
    sha256: str
    params: int | None
    gmac_256: float | None
    n: int
    fd_style: Distance
    fd_content: Distance | None
    kid100: Distance
    content: list[dict[str, Any]]
    """Kinds of distance to the photo with their values, the first one is the headline."""
    stats: dict[str, Any]
    artfd: dict[str, Any] | None = None
    flags: list[str] = field(default_factory=list)
    resampled: Doubles = field(default_factory=lambda: np.empty(0))
    """Style distances of the draws, for differences between rows."""


@dataclass(slots=True)
class Judge:
    """Everything rows are measured against; one judge per table, so that rows compare."""

    extractor: FeatureExtractor
    photos: list[Bytes]
    target: list[Bytes]
    resamples: int
    seed: int
    perceptual: PerceptualDistance | None = None
    _target_features: Doubles = field(init=False)
    _photo_features: Doubles = field(init=False)
    _photo_stats: dict[str, float] = field(init=False)
    _colours: Doubles = field(init=False)
    _pairs: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = field(init=False)

    def __post_init__(self) -> None:
        self._target_features = self.extractor(self.target)
        self._photo_features = self.extractor(self.photos)
        self._photo_stats = mean_of([cartoonness(photo) for photo in self.photos])
        self._colours = colour_samples(self.target, self.seed)
        rng = np.random.default_rng([self.seed, 1])
        of_rows = draws(len(self.photos), self.resamples, rng)
        of_target = draws(len(self.target), self.resamples, rng)
        self._pairs = list(zip(of_rows, of_target, strict=True))

    def row(self, candidate: Candidate, pictures: list[Bytes], *, is_paired: bool = True) -> Row:
        """Measure pictures, one per photo in the photos' order unless they are not paired."""
        features = self.extractor(pictures)
        style, resampled = self._style(features)
        row = Row(
            model=candidate.name,
            sha256=candidate.sha256,
            params=candidate.params,
            gmac_256=candidate.gmac_256,
            n=len(pictures),
            fd_style=style,
            fd_content=self._content_frechet(features) if is_paired else None,
            kid100=self._kernel(features),
            content=self._contents(pictures) if is_paired else [],
            stats=self._stats(pictures),
            resampled=resampled,
        )
        if row.content:
            first = row.content[0]
            name = artfid_name(first["kind"], self.extractor.kind)
            row.artfd = {"name": name, "value": artfid(first["value"], style["value"])}
        row.flags = self._flags(row, is_paired)
        return row

    def _style(self, features: Doubles) -> tuple[Distance, Doubles]:
        own, target = (
            self._comparable(f, self._target_features) for f in (features, self._target_features)
        )
        value = frechet_distance(own, target)
        pairs = self._pairs if len(own) == len(self.photos) else []
        resampled = np.array([frechet_distance(own[a], target[b]) for a, b in pairs])
        rng = np.random.default_rng([self.seed, 2])
        distance = _as_json(value, resampled, len(own))
        distance["at_infinity"] = frechet_at_infinity(own, target, rng)
        return distance, resampled

    def _content_frechet(self, features: Doubles) -> Distance:
        own, photos = (
            self._comparable(f, self._photo_features) for f in (features, self._photo_features)
        )
        resampled = [frechet_distance(own[drawn], photos[drawn]) for drawn, _ in self._pairs]
        return _as_json(frechet_distance(own, photos), np.array(resampled), len(own))

    def _kernel(self, features: Doubles) -> Distance:
        own, target = (
            self._comparable(f, self._target_features) for f in (features, self._target_features)
        )
        rng = np.random.default_rng([self.seed, 3])
        mean, deviation = kernel_distance_of_subsets(own, target, rng)
        return {"value": 100 * mean, "std": 100 * deviation, "factor": 100}

    def _comparable(self, features: Doubles, reference: Doubles) -> Doubles:
        return scored(features, reference) if self.extractor.is_scored else features

    def _contents(self, pictures: Sequence[Bytes]) -> list[dict[str, Any]]:
        pairs = list(zip(pictures, self.photos, strict=True))
        values = {
            "1-MSSSIM": [1 - multiscale_ssim(a, b) for a, b in pairs],
            "edge F1": [edge_score(a, b) for a, b in pairs],
            "SSIM": [ssim(a, b) for a, b in pairs],
        }
        if self.perceptual is not None:
            values = {self.perceptual.name: [self.perceptual(a, b) for a, b in pairs]} | values
        return [{"kind": kind, "value": float(np.mean(v))} for kind, v in values.items()]

    def _stats(self, pictures: list[Bytes]) -> dict[str, Any]:
        found = mean_of([cartoonness(picture) for picture in pictures])
        share, is_blurred = headline(found, self._photo_stats)
        ratios = {
            name: value / self._photo_stats[name] if self._photo_stats[name] else None
            for name, value in found.items()
        }
        palette = palette_distance(colour_samples(pictures, self.seed), self._colours)
        return {
            **found,
            "C": share,
            "is_blurred": is_blurred,
            "palette": palette,
            "ratio": ratios,
        }

    def _flags(self, row: Row, is_paired: bool) -> list[str]:
        flags = []
        if is_paired and row.stats["is_blurred"]:
            flags.append("blurred: strong edges below 0.7 of the photos'")
        if row.stats["clipped"] > self._photo_stats["clipped"] + MOST_CLIPPED:
            flags.append(f"clipped: {row.stats['clipped']:.1%} of the pixels")
        similar = [part["value"] for part in row.content if part["kind"] == "SSIM"]
        if similar and similar[0] < LEAST_SSIM:
            flags.append(f"content lost: SSIM {similar[0]:.2f}")
        if row.n != len(self.photos):
            flags.append(f"N = {row.n}: its distances are biased more than the others'")
        return flags


def differences(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Style distance of every two rows apart, with intervals from the same draws for both."""
    found = []
    paired = [row for row in rows if row.fd_content is not None]
    for index, one in enumerate(paired):
        for other in paired[:index]:
            value = one.fd_style["value"] - other.fd_style["value"]
            _, low, high = interval(value, one.resampled - other.resampled)
            found.append(
                {"model": one.model, "minus": other.model, "value": value, "lo": low, "hi": high}
            )
    return found


def _as_json(value: float, resampled: Doubles, count: int) -> Distance:
    value, low, high = interval(value, resampled)
    return {"value": value, "lo": low, "hi": high, "n": count}
