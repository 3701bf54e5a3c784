"""ArtFID: style and content in one number (Wright and Ommer 2022)."""

from __future__ import annotations


def artfid(content: float, style: float) -> float:
    """(1 + content distance) (1 + Frechet distance to the style set)."""
    return (1 + content) * (1 + style)


def artfid_name(content_kind: str, style_kind: str) -> str:
    """`ArtFID` only for what the paper's own networks measured, else what was used instead."""
    if (content_kind, style_kind) == ("LPIPS(alex)", "FID(art)"):
        return "ArtFID"
    return f"ArtFD({_inner(style_kind)}, {content_kind})"


def _inner(kind: str) -> str:
    return kind.partition("(")[2].removesuffix(")") or kind
