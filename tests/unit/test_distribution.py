"""What travels with the program: manual pages, completion, the lists a release is made by."""

import re
import runpy
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from livecartoon import __version__
from livecartoon.cli import COMMANDS, run

ROOT = Path(__file__).parents[2]
MAN = runpy.run_path(str(ROOT / "docs/make_man.py"))
PAGES: dict[str, str] = MAN["pages"]()


def test_manual_when_written_then_has_a_page_for_each_command() -> None:
    assert set(PAGES) == {"livecartoon.1", *(f"livecartoon-{name}.1" for name in COMMANDS)}


def test_manual_of_convert_when_read_then_has_its_options_and_examples() -> None:
    page = PAGES["livecartoon-convert.1"]
    assert r"\fB\-\-segment TIME\fR" in page
    assert r"livecartoon convert holiday.mp4 \-s classic" in page
    assert page.startswith('.TH "LIVECARTOON-CONVERT" 1')


@pytest.mark.parametrize("name", sorted(PAGES))
def test_manual_page_when_parsed_then_has_only_requests_of_roff(name: str) -> None:
    requests = {line.split()[0] for line in PAGES[name].splitlines() if line.startswith(".")}
    assert requests <= {".TH", ".SH", ".PP", ".B", ".TP", ".nf", ".fi"}
    assert not re.search(r"^'", PAGES[name], re.MULTILINE)


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_manual_page_when_shown_then_is_text(tmp_path: Path) -> None:
    path = tmp_path / "livecartoon.1"
    path.write_text(PAGES["livecartoon.1"], encoding="utf-8")
    shown = subprocess.run(["man", "-l", str(path)], capture_output=True, text=True, check=True)
    assert "convert" in shown.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_when_asked_for_then_is_a_script(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_LIVECARTOON_COMPLETE", f"{shell}_source")
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("there is no bash")
    assert run([]) == 0
    assert "_LIVECARTOON_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "wanted"),
    [("livecartoon con", "convert"), ("livecartoon convert --clu", "--cluster")],
)
def test_completion_when_a_word_is_begun_then_ends_it(
    words: str, wanted: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_LIVECARTOON_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert run([]) == 0
    assert f"plain,{wanted}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        "CITATION.cff",
        "ISSUE_TEMPLATE/problem.yml",
        "ISSUE_TEMPLATE/wish.yml",
        "workflows/release.yml",
    ],
)
def test_form_when_parsed_then_is_yaml_with_what_its_reader_asks_for(name: str) -> None:
    yaml = pytest.importorskip("yaml")  # comes with mkdocs
    wanted = {
        "CITATION.cff": {"cff-version", "message", "title", "authors"},
        "problem.yml": {"name", "description", "body"},
        "wish.yml": {"name", "description", "body"},
        "release.yml": {"name", "permissions", "jobs"},
    }[name.rpartition("/")[2]]
    path = ROOT / name if name.endswith(".cff") else ROOT / ".github" / name
    assert wanted <= yaml.safe_load(path.read_text(encoding="utf-8")).keys()


def test_version_when_released_then_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert project["version"] == __version__
    assert f"\nversion: {__version__}\n" in citation
    assert f"\nlicense: {project['license']}\n" in citation


@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_image_when_built_then_takes_files_that_exist_and_runs_as_nobody_special(kind: str) -> None:
    text = (ROOT / f"docs/docker/{kind}.Dockerfile").read_text(encoding="utf-8")
    copied = [line.split()[1:-1] for line in text.splitlines() if re.match(r"COPY [^-]", line)]
    assert all((ROOT / name).exists() for names in copied for name in names)
    assert "\nUSER 1000\n" in text
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (chosen,) = re.findall(r'"\.\[([\w,]+)\]"', text)
    assert set(chosen.split(",")) <= extras["optional-dependencies"].keys()
