"""What the documentation tells people to type, and whether the real commands would take it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.__main__ import main as benchmarks
from livecartoon.cli import main as livecartoon
from livecartoon.errors import LivecartoonError
from trainer.__main__ import main as trainer

ROOT = Path(__file__).parent.parent
PROGRAMS: dict[str, click.Command] = {
    "benchmarks": benchmarks,
    "livecartoon": livecartoon,
    "trainer": trainer,
}
PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]*(\.\.\.)?|\.\.\.|FOLDER/.*|KEY=VALUE")
FENCE = re.compile(r"^(```|~~~)")
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*)")
ENDS = ("|", "&&", ";", "&", ">", ">>", "2>", "<")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A command as a page shows it."""

    page: Path
    line: int
    text: str
    is_block: bool
    """In a block, to be pasted; else in a sentence, where arguments may be left out."""

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}: {self.text}"


def pages() -> list[Path]:
    """Every page people read: README, CONTRIBUTING, docs and the decisions."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def snippets(page: Path) -> Iterator[Snippet]:
    """Lines of blocks, with those joined that end in a backslash, and spans of code."""
    is_fenced, begun, start = False, "", 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if FENCE.match(line):
            is_fenced = not is_fenced
        elif is_fenced or begun or line.startswith("    "):
            start = start if begun else number
            begun += line.strip().removesuffix("\\")
            if not line.endswith("\\"):
                yield Snippet(page, start, begun, True)
                begun = ""
        else:
            text = line.replace("\\|", "|")
            yield from (Snippet(page, number, found, False) for found in SPAN.findall(text))


def commands(snippet: Snippet) -> Iterator[tuple[str, list[str]]]:
    """Program and arguments of each of our commands in a snippet, pipes taken apart."""
    try:
        words = shlex.split(snippet.text, comments=True)
    except ValueError:  # prose or code with a lonely quotation mark
        return
    part: list[str] = []
    for word in [*(w for w in words if w != "..."), "&&"]:
        if word not in ENDS:
            part.append(word)
            continue
        if found := _ours(part):
            yield found
        part = []


def _ours(words: list[str]) -> tuple[str, list[str]] | None:
    while words and re.fullmatch(r"\w+=.*", words[0]):
        words = words[1:]
    if not words:
        return None
    program = words[0].removeprefix(".venv/bin/")
    if program == "livecartoon":
        return program, words[1:]
    if program in ("python", "python3", "torchrun") and "-m" in words:
        at = words.index("-m") + 1
        if words[at : at + 1] and words[at] in PROGRAMS:
            return words[at], words[at + 1 :]
    return None


def complaints(program: str, args: list[str], *, is_whole: bool) -> list[str]:
    """What the command tree has against these arguments; files need not exist.

    `is_whole`: required arguments must be there too. Placeholders such as FILE are not judged.
    """
    command, context = PROGRAMS[program], click.Context(PROGRAMS[program], info_name=program)
    found: list[str] = []
    try:
        while True:
            values, rest, _ = command.make_parser(context).parse_args(list(args))
            found += _wrong_values(command, context, values, is_whole=is_whole and bool(args))
            if not isinstance(command, click.Group):
                break
            if not rest:
                return found
            chosen = command.get_command(context, rest[0])
            if chosen is None:
                return [*found, f"no command {rest[0]}"]
            context = click.Context(chosen, parent=context, info_name=rest[0])
            command, args = chosen, rest[1:]
    except (click.ClickException, LivecartoonError) as error:
        return [*found, str(getattr(error, "message", error))]
    return [*found, f"too many arguments: {rest}"] if rest else found


def _wrong_values(
    command: click.Command, context: click.Context, values: dict[str, Any], *, is_whole: bool
) -> list[str]:
    found = []
    for parameter in command.get_params(context):
        value = values.get(parameter.name or "")
        if value is None or parameter.value_is_missing(value):
            if parameter.required and is_whole:
                found.append(f"{parameter.human_readable_name} is missing")
        elif not isinstance(parameter.type, click.Path):
            found += [f for one in _alternatives(value) if (f := _cast(parameter, context, one))]
    return found


def _alternatives(value: Any) -> list[Any]:
    """What has to be accepted: each of `a|b`, nothing of a placeholder."""
    if isinstance(value, (list, tuple)):
        kept = type(value)(v for v in value if not (isinstance(v, str) and _is_open(v)))
        return [kept] if kept else []
    if not isinstance(value, str):
        return [value]
    return [] if _is_open(value) else value.split("|")


def _is_open(text: str) -> bool:
    return bool(PLACEHOLDER.fullmatch(text))


def _cast(parameter: click.Parameter, context: click.Context, value: Any) -> str:
    try:
        parameter.type_cast_value(context, value)
    except (click.ClickException, LivecartoonError) as error:
        return f"{parameter.human_readable_name}: {getattr(error, 'message', error)}"
    return ""


def known_options() -> set[str]:
    """Every long option of every command."""
    found: set[str] = set()
    open_commands: list[click.Command] = list(PROGRAMS.values())
    while open_commands:
        command = open_commands.pop()
        context = click.Context(command)
        for parameter in command.get_params(context):
            found.update(parameter.opts + parameter.secondary_opts)
        if isinstance(command, click.Group):
            names = command.list_commands(context)
            open_commands += [c for n in names if (c := command.get_command(context, n))]
    return found


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    found = set()
    for title in re.findall(r"^#+ (.+)$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        found.add(re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", plain)).strip("-"))
    return found


def broken_links(page: Path) -> list[str]:
    """Links to files or headings that do not exist; addresses on the net are not called."""
    found = []
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    for target in LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name) if name else page
        if not other.exists() or (anchor and anchor not in slugs(other)):
            found.append(target)
    return found
