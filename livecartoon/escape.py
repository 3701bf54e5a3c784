"""Names and tags come from strangers: nothing of theirs may steer the terminal."""

from __future__ import annotations

import re


def printable(text: str) -> str:
    """Return `text` with control, bidirectional and undecodable characters written out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def without_secrets(url: str) -> str:
    """Return `url` without what must not be read by others: user, password, stream key, query."""
    shown = re.sub(r"(?<=://)[^/]*@", "***@", url.partition("?")[0])
    if shown.startswith("rtmp"):  # the last part of the path is the key to the channel
        shown = re.sub(r"(?<=[^/])/[^/]+$", "/***", shown)
    return printable(shown)
