"""Loads every weights file of a style completely."""

from __future__ import annotations

from livecartoon.errors import ModelError
from livecartoon.styles import find_style


def check_style(text: str) -> list[tuple[str, str]]:
    """Return (tier, what was found) of each file; raises ModelError at the first bad one."""
    style = find_style(text)
    if style.kind == "filter":
        return [("-", f"{style.name} is a filter and needs no weights")]
    from livecartoon.models import load_generator
    from livecartoon.models.checkpoint import read_checkpoint

    found = []
    if style.lut is not None:
        from livecartoon.models.cube import read_lattice

        found.append(("-", f"{style.lut.name}: {len(read_lattice(style.lut))} nodes a side"))
    for tier, path in style.files.items():
        checkpoint = read_checkpoint(path)
        generator = load_generator(checkpoint)
        count = sum(parameter.numel() for parameter in generator.parameters())
        stated = checkpoint.header.get("tier", tier)
        if stated != tier:
            raise ModelError(
                "E604", f"{path.name} is listed as {tier}, its header says {stated}", "correct it"
            )
        found.append((tier, f"{path.name}: {count} parameters, sha256 {checkpoint.sha256[:16]}"))
    return found
