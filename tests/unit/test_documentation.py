"""Nothing in the documentation may be unknown to the program, or lead nowhere."""

import ast
from pathlib import Path

import pytest

from tests.documented import (
    OPTION,
    ROOT,
    Snippet,
    broken_links,
    commands,
    complaints,
    known_options,
    pages,
    snippets,
)

#: Programs of others, whose options are their own business.
OTHERS = (
    *("apt", "docker", "git", "make", "mkdocs", "pip", "python", "ray", "sudo", "torchrun"),
    "v4l2-ctl",
)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def faults(page: Path) -> list[str]:
    return [
        f"{snippet}: {complaint}"
        for snippet in snippets(page)
        for program, args in commands(snippet)
        for complaint in complaints(program, args, is_whole=snippet.is_block)
    ]


@pytest.mark.parametrize("page", pages(), ids=named)
def test_commands_of_a_page_when_parsed_then_the_program_takes_them(page: Path) -> None:
    assert faults(page) == []


@pytest.mark.parametrize("page", pages(), ids=named)
def test_options_of_a_page_when_looked_up_then_exist(page: Path) -> None:
    known = known_options()
    unknown = [
        f"{snippet}: {option}"
        for snippet in snippets(page)
        if not snippet.text.startswith(OTHERS)
        for option in OPTION.findall(snippet.text)
        if option not in known
    ]
    assert unknown == []


@pytest.mark.parametrize("page", pages(), ids=named)
def test_links_of_a_page_when_followed_then_arrive(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize(
    "text",
    [
        "livecartoon convert a.mp4 --no-such-flag",
        "livecartoon convert a.mp4 --temporal wobble",
        "livecartoon convert a.mp4 --temporal auto|wobble",
        "livecartoon convert --size",
        "livecartoon convert -o out.mp4",
        "livecartoon draw a.mp4",
        "livecartoon doctor now",
        "livecartoon styles | livecartoon imag photo.png",
        "python -m trainer train --preset quick",
        "python -m benchmarks network --peers x",
        "torchrun --nproc-per-node 4 -m trainer train --dat x",
        "OMP_NUM_THREADS=1 .venv/bin/livecartoon cam --fsp 30",
    ],
)
def test_a_command_when_wrong_then_is_found(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n```\n{text}\n```\n", encoding="utf-8")
    assert len(faults(page)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "livecartoon convert holiday.mp4 --temporal auto|blend|flow|off --size SIZE",
        "livecartoon --json convert holiday.mp4 | python -m json.tool > out.json",
        'livecartoon cam --camera "pattern:" --vcam --duration 2s',
        "python -m trainer train --list",
    ],
)
def test_a_command_when_right_then_nothing_is_said(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n    {text}\n", encoding="utf-8")
    assert [list(commands(s)) for s in snippets(page)] != []
    assert faults(page) == []


def test_a_sentence_when_it_names_a_command_then_arguments_may_be_left_out(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("`livecartoon convert` and `livecartoon cam --wrong`\n", encoding="utf-8")
    assert len(faults(page)) == 1


def test_a_line_with_a_backslash_then_is_joined_with_the_next(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```\nlivecartoon convert a.mp4 \\\n    -o b.mp4\n```\n", encoding="utf-8")
    assert list(snippets(page)) == [Snippet(page, 2, "livecartoon convert a.mp4 -o b.mp4", True)]


def test_a_link_when_file_or_heading_is_missing_then_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    links = "[a](gone.md) [b](#one-more) [c](#no-such) [d](https://example.org/x)"
    page.write_text(f"# One more\n\n{links}\n", encoding="utf-8")
    assert broken_links(page) == ["gone.md", "#no-such"]


def remedies(path: Path) -> list[str]:
    """What the errors of a module tell people to type; values as placeholders."""
    calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
    errors = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id.endswith("Error")]
    return [text for call in errors for part in call.args[2:] if (text := written(part))]


def written(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(map(written, node.values))
    if isinstance(node, ast.FormattedValue):
        return "X"
    return str(node.value) if isinstance(node, ast.Constant) else ""


def test_remedies_of_errors_when_parsed_then_the_program_takes_them() -> None:
    said = [
        Snippet(path, 0, text, False)
        for package in ("livecartoon", "trainer", "benchmarks")
        for path in sorted((ROOT / package).rglob("*.py"))
        for text in remedies(path)
    ]
    assert len(said) >= 10
    known = known_options()
    wrong = [
        f"{snippet}: {complaint}"
        for snippet in said
        for program, args in commands(snippet)
        for complaint in complaints(program, args, is_whole=False)
        if not complaint.startswith("too many")  # a sentence that goes on
    ]
    wrong += [
        f"{snippet}: {option}"
        for snippet in said
        if not snippet.text.startswith(OTHERS)
        for option in set(OPTION.findall(snippet.text)) - known
    ]
    assert wrong == []
