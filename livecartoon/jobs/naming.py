"""Which files go in and what the results are called."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from livecartoon.errors import InputError, OutputError, UsageError
from livecartoon.sinks.encoder import CONTAINERS, container_of
from livecartoon.styles import list_styles, short_name

#: Suffixes a result keeps from its source.
KEPT = tuple(sorted(set(CONTAINERS) - {"avi", "webp"}))
#: What a folder is searched for.
VIDEO_SUFFIXES = {".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg"}
VIDEO_SUFFIXES |= {".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv", ".3gp"}
WORK_SUFFIX = ".livecartoon"
URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def expand_inputs(
    texts: list[str],
    suffixes: set[str] | None = None,
    *,
    is_recursive: bool = False,
    styles: Collection[str] = (),
) -> list[Path]:
    """Return the files meant by paths, folders, globs and `@list.txt`, each once, in order.

    A folder's results of an earlier run, named after one of `styles`, are none of its inputs.
    """
    wanted = suffixes or VIDEO_SUFFIXES
    found: dict[Path, None] = {}
    for text in texts:
        for path in _expand(text, wanted, is_recursive, styles):
            found.setdefault(path)
    if not found:
        raise InputError("E301", "no input files found", "check the paths and patterns")
    return list(found)


def _expand(
    text: str, suffixes: set[str], is_recursive: bool, styles: Collection[str]
) -> Iterator[Path]:
    if not text:  # of an unset variable: it would be the current folder
        raise InputError("E301", "an input without a name", "give a file or folder")
    path = Path(text).expanduser()
    if URL.match(text):
        raise UsageError("E201", f"{text} is an address", "save the file first; cam takes URLs")
    if text.startswith("@") and not path.exists():
        for line in _read_list(Path(text[1:]).expanduser()):
            yield from _expand(line, suffixes, is_recursive, styles)
    elif path.is_dir():
        inside = path.rglob("*") if is_recursive else path.iterdir()
        files = [p for p in inside if p.suffix.lower() in suffixes and p.is_file()]
        stems = {p.with_suffix("") for p in files}
        ours = (p for p in files if _is_ours(p) or _is_result(p, stems, styles))
        yield from sorted(set(files).difference(ours), key=natural_key)
    elif path.exists() or not glob.has_magic(text):
        if not path.exists():
            raise InputError("E301", f"no such file: {text}", "check the path")
        if path.suffix.lower() == ".txt":
            raise InputError("E302", f"{text} is text", f"@{text} takes the files it lists")
        yield path
    else:
        matches = (Path(p) for p in glob.glob(str(path), recursive=True))  # noqa: PTH207
        yield from sorted((p for p in matches if p.is_file()), key=natural_key)


def _is_ours(path: Path) -> bool:
    return any(part.endswith(WORK_SUFFIX) for part in path.parts)


def _is_result(path: Path, stems: set[Path], styles: Collection[str]) -> bool:
    """Whether another file, whose path without suffix is one of `stems`, became this one."""
    source, _, style = path.stem.rpartition(".")
    return bool(source) and style in styles and path.with_name(source) in stems


def known_names(style: str) -> set[str]:
    """What results are named after: the installed styles, and the one that was typed."""
    return {short_name(style), *(each.name for each in list_styles())}


def _read_list(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("E301", f"cannot read the list {path}", "check the path") from error
    stripped = (line.strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]


def natural_key(path: Path) -> list[tuple[int, int | str]]:
    """Sort key that puts `2.mp4` before `10.mp4`."""
    parts = re.split(r"(\d+)", str(path).lower())
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def output_for(
    source: Path,
    output: Path | None,
    style: str,
    *,
    number: int = 1,
    known: Collection[str] = KEPT,
    fallback: str = "mp4",
) -> Path:
    """Return where the result of `source` goes: a file, a folder, a template or the default.

    It keeps its suffix where that is one of `known`: not AVI, which has no presentation times,
    so that H.264 in it plays a frame late and a variable rate is lost.
    """
    suffix = source.suffix.lower().lstrip(".")
    extension = suffix if suffix in known else fallback
    style = short_name(style)
    plain = f"{source.stem}.{style}.{extension}"
    if output is None:
        return source.with_name(plain)
    if output.is_dir():
        return output / plain
    if not is_template(output):
        return output
    fields = {"stem": source.stem, "style": style, "ext": extension, "n": number}
    try:
        return Path(str(output).format(dir=source.parent, **fields))
    except (KeyError, IndexError, ValueError) as error:
        raise UsageError(
            "E201", f"{output} is no template", "use {stem} {style} {ext} {dir} {n}"
        ) from error


def is_template(output: Path | None) -> bool:
    """Whether `output` has fields to be filled in for each input."""
    return output is not None and "{" in str(output)


def make_folders(output: Path | None, targets: Iterable[Path]) -> None:
    """Make the folders that the template `output` has put `targets` into; OutputError.

    A file named in full needs a folder that is there: a misspelt one must not be made.
    """
    for folder in {target.parent for target in targets} if is_template(output) else ():
        make_folder(folder)


def make_folder(folder: Path) -> None:
    """Make a folder and all above it, if they are not there; OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "E402", f"{folder} cannot be made ({error.strerror})", "-o another folder"
        ) from error


def check_paths(
    source: Path,
    output: Path,
    *,
    overwrite: bool,
    needs_folder: bool = True,
    check_suffix: Callable[[Path], object] = container_of,
) -> None:
    """Raise before any work if `output` cannot or must not be written."""
    check_suffix(output)
    if output.exists() and source.exists() and output.samefile(source):
        raise UsageError("E205", f"{output.name} is also the input", "give another -o")
    if needs_folder and not output.parent.is_dir():
        raise OutputError("E402", f"no folder {output.parent}", "create it first")
    if output.is_dir():
        raise OutputError("E402", f"{output} is a folder", "give a file name")
    if output.exists() and not overwrite:
        raise OutputError(
            "E401", f"{output} exists", "-y to overwrite", "-n to skip", "-o for another name"
        )


def partial_name(output: Path, *, overwrite: bool) -> Path:
    """Return a name that says that the file is not whole, free unless `overwrite`."""
    name = output.with_name(f"{output.stem}.partial{output.suffix}")
    number = 2
    while name.exists() and not overwrite:
        name = output.with_name(f"{output.stem}.partial-{number}{output.suffix}")
        number += 1
    return name
