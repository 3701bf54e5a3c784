"""Puts every decision in docs/adr into the site's navigation; MkDocs calls it (mkdocs.yml)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent


def on_config(config: Any) -> Any:  # noqa: ANN401  MkDocs' own type
    """Append the section, oldest decision first."""
    pages = sorted((DOCS / "adr").glob("*.md"))
    config["nav"].append({"Decisions": [page.relative_to(DOCS).as_posix() for page in pages]})
    return config
