"""Names and tags come from strangers: nothing of theirs may steer the terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` with control, bidirectional and undecodable characters written out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
