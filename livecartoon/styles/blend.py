"""A mixture of styles as a style of its own: the mean of their networks and of their lines.

Networks that were trained on from one common network lie close together, and what lies between
two of them draws what lies between their pictures (decision 25).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecartoon.errors import OutputError, UsageError
from livecartoon.escape import printable
from livecartoon.folders import cache_folder
from livecartoon.models.checkpoint import (
    Checkpoint,
    identity_of,
    read_checkpoint,
    read_header,
    write_checkpoint,
)
from livecartoon.models.mixture import mixed
from livecartoon.styles.style import TIERS, Style

FOLDER = "blends"
"""Of the cache."""
EXAMPLE = "--style shinkai:0.6+ink:0.4"
_SHARE = re.compile(r"(?P<name>.+):(?P<share>[0-9]*\.?[0-9]+)")
_SLACK = 1e-3


@dataclass(frozen=True, slots=True)
class Part:
    """A style and how much of the mixture it makes up, above 0 and below 1."""

    style: Style
    share: float


def blended(text: str, find: Callable[[str], Style]) -> Style:
    """The style of NAME:SHARE+NAME:SHARE, its weights written to the cache.

    UsageError E201, ModelError, OutputError E402.
    """
    parts = _parts(text, find)
    tiers = [tier for tier in TIERS if all(tier in part.style.files for part in parts)]
    if not tiers:
        owned = (f"{part.style.name} has {', '.join(part.style.files)}" for part in parts)
        raise UsageError("E201", f"no tier common to all of {printable(text)}", *owned)
    name = "+".join(f"{part.style.name}:{part.share:g}" for part in parts)
    main = max(parts, key=lambda part: part.share).style
    return Style(
        name=name,
        title=" + ".join(f"{part.style.title} {part.share:.0%}" for part in parts),
        description=f"Mixture of {' and '.join(part.style.name for part in parts)}",
        kind="generator",
        files={tier: _file(name, tier, parts) for tier in tiers},
        strength=_mean(parts, [part.style.strength for part in parts]),
        keep_color=_mean(parts, [part.style.keep_color for part in parts]),
        temporal=main.temporal,
        temporal_strength=_mean(parts, [part.style.temporal_strength for part in parts]),
        licence=_joined(part.style.licence for part in parts),
    )


def forget_mixtures() -> None:
    """Remove the weights of all mixtures; they are made again when typed."""
    shutil.rmtree(cache_folder(FOLDER), ignore_errors=True)


def _parts(text: str, find: Callable[[str], Style]) -> list[Part]:
    shown = printable(text)
    found = [_SHARE.fullmatch(part.strip()) for part in text.split("+")]
    parts = [Part(find(match["name"]), float(match["share"])) for match in found if match]
    if len(parts) < len(found):
        raise UsageError("E201", f'"{shown}" is no mixture of NAME:SHARE+NAME:SHARE', EXAMPLE)
    for part in parts:
        if part.style.kind == "filter" or part.style.base:
            reason = f"stands on {part.style.base}" if part.style.base else "is a filter"
            raise UsageError(
                "E201", f"{part.style.name} {reason}: it has no network to mix", EXAMPLE
            )
        if not 0 < part.share < 1:
            raise UsageError("E201", f"a share of {part.share:g} in {shown}", "above 0, below 1")
    if abs(sum(part.share for part in parts) - 1) > _SLACK:
        total = sum(part.share for part in parts)
        raise UsageError("E201", f"the shares of {shown} sum to {total:g}, not to 1", EXAMPLE)
    if len({part.style.name for part in parts}) < len(parts):
        raise UsageError("E201", f"{shown} names a style twice", EXAMPLE)
    return parts


def _mean(parts: Sequence[Part], values: Sequence[float]) -> float:
    """Of values 0..1; shares that sum to a little more than 1 must not lead out of that."""
    total = sum(part.share for part in parts)
    weighted = (part.share * value for part, value in zip(parts, values, strict=True))
    return min(sum(weighted) / total, 1.0)


def _file(name: str, tier: str, parts: Sequence[Part]) -> Path:
    """The weights of the mixture in one tier; made if they are not there."""
    sources = [part.style.files[tier] for part in parts]
    headers = [read_header(path) for path in sources]
    facts = [f"{identity_of(h)}:{part.share!r}" for h, part in zip(headers, parts, strict=True)]
    key = hashlib.sha256("|".join([name, *facts]).encode()).hexdigest()[:16]
    path = cache_folder(FOLDER) / f"{key}-{tier}.safetensors"
    if not path.is_file():
        _write(path, name, [read_checkpoint(source) for source in sources], parts)
    return path


def _write(path: Path, name: str, sources: Sequence[Checkpoint], parts: Sequence[Part]) -> None:
    """Write the mixture so that no other process sees half of it."""
    tensors, header = mixed(sources, [part.share for part in parts])
    facts = {
        "style": name,
        "title": name,
        "description": f"Mixture of {name.replace('+', ' and ')}",
        "license": _joined(source.header.get("license", "") for source in sources),
        "license_data": _joined(source.header.get("license_data", "") for source in sources),
        "blend": json.dumps({part.style.name: part.share for part in parts}),
    }
    partial = path.with_name(f"{path.stem}.{os.getpid()}.safetensors")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_checkpoint(partial, tensors, header | facts)
        partial.replace(path)
    except OSError as error:
        raise OutputError(
            "E402",
            f"{path} cannot be written ({error.strerror})",
            "LIVECARTOON_CACHE_DIR=FOLDER for another cache",
        ) from error


def _joined(texts: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(text for text in texts if text))
