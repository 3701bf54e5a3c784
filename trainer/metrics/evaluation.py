"""One evaluation: rows measured in one run against one judge, ready for tables and JSON."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from livecartoon.errors import InputError
from trainer.data.swapped import flatness, look_swapped
from trainer.metrics.arrays import Bytes
from trainer.metrics.candidates import Candidate, open_candidate
from trainer.metrics.extractors import open_extractor
from trainer.metrics.perceptual import PerceptualDistance
from trainer.metrics.pictures import PictureSet, halves, read_set, square, write_sheet
from trainer.metrics.record import new_record
from trainer.metrics.rows import Judge, Row, differences

log = logging.getLogger(__name__)
HEADLINE_N = 2000
SHEET_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """Sets, models and how to measure."""

    photos: Path
    cartoons: Path
    models: tuple[str, ...]
    extractor: str = "rand-v1"
    perceptual: tuple[str, str, str] | None = None
    """Network, backbone file, file of heads or ""."""
    n: int = 790
    size: int = 256
    draw_size: int = 0
    """Side at which networks draw, 0 = `size`."""
    resamples: int = 200
    seed: int = 0


@dataclass(slots=True)
class Evaluation:
    """A measured table."""

    rows: list[Row]
    record: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The report."""
        rows = [{k: v for k, v in asdict(row).items() if k != "resampled"} for row in self.rows]
        for row in rows:
            row["content"], row["content_more"] = (row["content"] or [None])[0], row["content"][1:]
        return {**self.record, "rows": rows, "differences": differences(self.rows)}


def evaluate(config: EvaluationConfig, sheet: Path | None = None) -> Evaluation:
    """Measure the identity, the reference and every model; `sheet` gets a PNG to look at."""
    large = read_set(config.photos, config.draw_size or config.size, config.n)
    cartoons = read_set(config.cartoons, config.size)
    candidates = [open_candidate(text, large, config.size) for text in config.models]
    _check_names(candidates)
    stems, warnings = _common(large, candidates)
    photos = [square(large.pictures[stem], config.size) for stem in stems]
    target, reference = halves(cartoons, len(stems))
    warnings += _swapped(photos, target) + _too_few(len(stems))
    for text in warnings:
        log.warning("%s", text)
    extractor = open_extractor(config.extractor)
    judge = Judge(extractor, photos, target, config.resamples, config.seed, _perceptual(config))
    rows = [
        judge.row(Candidate("identity", {}, large.sha256), photos),
        judge.row(Candidate("reference", {}, cartoons.sha256), reference, is_paired=False),
    ]
    for candidate in candidates:
        log.info("measuring %s", candidate.name)
        rows.append(judge.row(candidate, [candidate.pictures[stem] for stem in stems]))
    if sheet is not None:
        chosen = stems[:SHEET_COLUMNS]
        drawn = [[candidate.pictures[stem] for stem in chosen] for candidate in candidates]
        write_sheet(sheet, [photos[:SHEET_COLUMNS], *drawn])
    record = new_record("eval", config.seed) | {
        "warnings": warnings,
        "inputs": {
            "photos": large.facts(config.size) | {"used": len(stems)},
            "cartoons": cartoons.facts(config.size) | {"target": len(target)},
            "draw_size": config.draw_size or config.size,
        },
        "extractor": {
            "id": extractor.name,
            "kind": extractor.kind,
            "dim": int(extractor(photos[:1]).shape[1]),
            "sha256": extractor.sha256,
        },
        "resamples": config.resamples,
    }
    return Evaluation(rows, record)


def _perceptual(config: EvaluationConfig) -> PerceptualDistance | None:
    if config.perceptual is None:
        return None
    network, backbone, heads = config.perceptual
    return PerceptualDistance(network, Path(backbone), Path(heads) if heads else None)


def _check_names(candidates: Sequence[Candidate]) -> None:
    names = ["identity", "reference", *(candidate.name for candidate in candidates)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError("E302", f"two rows named {twice[0]!r}", "NAME=PLACE with another name")


def _common(photos: PictureSet, candidates: Sequence[Candidate]) -> tuple[list[str], list[str]]:
    """Stems that every candidate has, for only equal sets compare; and what was left out."""
    stems, warnings = list(photos.pictures), []
    for candidate in candidates:
        kept = [stem for stem in stems if stem in candidate.pictures]
        if len(kept) < len(stems):
            missing = len(stems) - len(kept)
            warnings.append(f"{candidate.name} lacks {missing} photos: left out of every row")
        stems = kept
    if len(stems) < 2:
        raise InputError(
            "E302",
            f"{len(stems)} photos have a result in every row",
            "name results as their photos",
        )
    return stems, warnings


def _swapped(photos: list[Bytes], cartoons: list[Bytes]) -> list[str]:
    flat, drawn = ([flatness(picture) for picture in part[:64]] for part in (photos, cartoons))
    return ["photos are flatter than the cartoons: folders swapped?"] * look_swapped(flat, drawn)


def _too_few(count: int) -> list[str]:
    if count >= HEADLINE_N:
        return []
    return [f"N = {count} is below {HEADLINE_N}: KID is the headline, Frechet distances are biased"]
