"""`livecartoon styles`: what is installed, and whether a weights file is sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from livecartoon.cli.flags import command, flag
from livecartoon.cli.session import Session, current
from livecartoon.cli.values import Named
from livecartoon.errors import UsageError
from livecartoon.escape import printable

if TYPE_CHECKING:
    from pathlib import Path

    from livecartoon.styles import Style


@flag("-o", "--name", "made", metavar="NAME", help="With fit: what the new style is called.")
@flag("--from", "base", metavar="STYLE", default="shinkai", help="With new, fit: its base.")
@command("styles")
@click.argument("action", type=Named(["list", "show", "check", "new", "fit"]), default="list")
@click.argument("names", nargs=-1, metavar="[NAME|PICTURES...]")
def styles(action: str, names: tuple[str, ...], base: str, made: str | None) -> None:
    """List the styles (default), show or check one, or make one of your own without training.

    `new NAME` writes a start to edit, `fit PICTURES -o NAME` takes colours and lines from pictures.

    \b
    Examples:
      livecartoon styles
      livecartoon styles show classic
      livecartoon styles fit photo.png -o mine --from shinkai
    """
    session = current()
    if action == "fit":
        _fit(session, names, made, base)
        return
    if len(names) > 1 or made is not None:
        raise UsageError("E202", f"{action} takes one name and no -o", "livecartoon styles fit")
    name = names[0] if names else None
    if action == "list":
        if name:
            raise UsageError("E202", "list takes no name", f"livecartoon styles show {name}")
        _list(session)
    elif not name:
        raise UsageError("E202", f"{action} needs a style", f"livecartoon styles {action} shinkai")
    elif action == "show":
        _show(session, name)
    elif action == "new":
        from livecartoon.jobs.own_style import new_style

        _tell(session, name, new_style(name, base))
    else:
        _check(session, name)


def _list(session: Session) -> None:
    from livecartoon.styles import list_styles

    items = [_item(style) for style in list_styles()]
    for item in items:
        tiers = " ".join(item["tiers"])
        kind = f"{item['kind']} ({tiers})" if tiers else item["kind"]
        session.result(
            f"{printable(item['name']):<12}  {kind:<24}  {size_kib(item['bytes']):>9}  "
            f"{printable(item['licence']):<10}  {printable(item['description'])}"
        )
    session.finish(items=items)


def _item(style: Style) -> dict[str, Any]:
    found = [path for path in style.files.values() if path.is_file()]
    return {
        "name": style.name,
        "title": style.title,
        "description": style.description,
        "kind": style.kind,
        "tiers": list(style.files),
        "bytes": sum(path.stat().st_size for path in found),
        "licence": style.licence,
        "strength": style.strength,
        "keep_color": style.keep_color,
        "temporal": style.temporal,
        "temporal_strength": style.temporal_strength,
        "base": style.base or None,
        "lut": str(style.lut) if style.lut else None,
        "ink": dict(style.ink),
    }


def size_kib(count: int) -> str:
    """Return a size in KiB, empty for none."""
    return f"{count / 1024:.0f} KiB" if count else ""


def _show(session: Session, name: str) -> None:
    from livecartoon.styles import find_style

    style = find_style(name)
    item = _item(style) | {"files": {tier: str(path) for tier, path in style.files.items()}}
    for key, value in item.items():
        words = ", ".join(value) if isinstance(value, list) else value
        if isinstance(value, dict):
            words = ", ".join(f"{tier} {path}" for tier, path in value.items())
        session.result(f"{key:<18}{printable(str(words))}")
    if style.card is not None and style.card.is_file():
        session.result("")
        session.result(style.card.read_text(encoding="utf-8").rstrip())
    session.finish(items=[item])


def _fit(session: Session, texts: tuple[str, ...], name: str | None, base: str) -> None:
    from livecartoon.cli.image import SUFFIXES
    from livecartoon.jobs.naming import expand_inputs
    from livecartoon.jobs.own_style import fit_style

    if not texts or name is None:
        raise UsageError("E202", "fit needs pictures and -o NAME", "livecartoon styles fit --help")
    paths = expand_inputs(list(texts), SUFFIXES)
    _tell(session, name, fit_style(paths, name, base))


def _tell(session: Session, name: str, files: list[Path]) -> None:
    """Say what was made and how to use it."""
    for path in files:
        session.result(printable(str(path)))
    session.say(f"try: livecartoon cam --style {name}")
    session.finish(items=[{"name": name, "files": [str(path) for path in files]}])


def _check(session: Session, name: str) -> None:
    """Load every tier completely: header, hash, shapes."""
    from livecartoon.jobs.check_style import check_style

    results = check_style(name)
    for tier, text in results:
        session.result(f"ok    {tier:<6}  {printable(text)}")
    session.finish(items=[{"tier": tier, "text": text} for tier, text in results])
