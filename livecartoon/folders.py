"""Where this program keeps what is its own."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(name: str) -> Path:
    """A folder of what can be made again: below `$LIVECARTOON_CACHE_DIR`, or the platform's."""
    from platformdirs import user_cache_path

    given = os.environ.get("LIVECARTOON_CACHE_DIR")
    return (Path(given) if given else user_cache_path("livecartoon", appauthor=False)) / name


def user_styles() -> Path:
    """The folder of the user's own styles."""
    from platformdirs import user_data_path

    return user_data_path("livecartoon", appauthor=False) / "styles"
