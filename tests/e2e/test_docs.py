"""The commands of README and docs, run in order in a folder that holds what they name."""

import importlib.util
import re
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from livecartoon.cli import run
from livecartoon.jobs.demo_scene import drawn_picture, write_clip
from livecartoon.sinks.pictures import encode_picture
from tests.documented import ROOT, commands, pages, snippets
from tests.drawing import drawn_photo
from trainer.__main__ import main as trainer

pytestmark = pytest.mark.slow
#: Seconds at most each, and without a camera, a card, a network or an optional package.
QUICK = ("cache", "convert", "devices", "doctor", "image", "optimize", "styles")
LIVE = ("cam", "serve")
NEEDS_MORE = re.compile(r"\b(int8|cuda|tensorrt|rtx|onnx|ort|FILE|NAME|TEXT|CLIP)\b|://|\|")
PAGES = [page for page in pages() if "adr" not in page.parts and page.name != "CONTRIBUTING.md"]
FIGURES = runpy.run_path(str(ROOT / "docs/make_figures.py"))
TRAINED = ("targets", "train", "export", "status")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Engines of all pages: most want the same ones."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def folder(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, holding what the pages name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(cache))
    write_clip(tmp_path / "holiday.mp4", 0.25)
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode_picture(photo, drawn_picture(320, 180)))
    for name in ("photos", "videos", "small", "nano", "classic", "pixels"):
        (tmp_path / name).mkdir()
    (tmp_path / "videos" / "one.mp4").write_bytes((tmp_path / "holiday.mp4").read_bytes())
    for number in range(6):
        picture = drawn_photo(160 + 16 * number, 144)[..., ::-1]
        cv2.imwrite(str(tmp_path / "photos" / f"{number}.png"), picture)
    (tmp_path / "list.txt").write_text("videos/one.mp4\n", encoding="utf-8")
    return tmp_path


def is_quick(program: str, args: list[str]) -> bool:
    """Whether a test can afford the command and this machine can do it."""
    text = " ".join(args)
    if NEEDS_MORE.search(text) or " - " in f" {text} " or not args or "--background" in args:
        return False
    if program == "trainer":
        is_whole = "-o" in args or args[0] == "status"
        return args[0] in TRAINED and is_whole and (args[0] != "train" or "smoke" in args)
    if program != "livecartoon":
        return False
    if args[0] in LIVE:
        return "pattern:" in args and "--duration" in args and "--no-show" in args
    words = [word for word in args[1:] if not word.startswith("-")]
    return args[0] in QUICK and (args[0] not in ("convert", "image") or bool(words))


def missing_weights(args: list[str]) -> bool:
    """Whether the style is a file that only a long training makes."""
    return any(a.endswith(".safetensors") and not Path(a).exists() for a in args if a[0] != "-")


def wanted(page: Path) -> list[tuple[str, list[str]]]:
    return [
        (program, args)
        for snippet in snippets(page)
        for program, args in commands(snippet)
        if is_quick(program, args)
    ]


@pytest.mark.parametrize("page", [p for p in PAGES if wanted(p)], ids=lambda page: page.name)
def test_commands_of_a_page_when_typed_in_order_then_work(
    page: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = []
    for program, args in wanted(page):
        if program == "trainer":
            trainer.main(args, standalone_mode=False)
        elif args[0] == "optimize" or not missing_weights(args):
            good = {0, 5} if args[0] == "doctor" else {0}
            assert run(args) in good, (args, capsys.readouterr().err)
        done.append(args)
        for made in folder.glob("*.mp4"):  # the next command may want the same name
            if made.name != "holiday.mp4":
                made.unlink()
    assert done


def test_readme_when_read_then_has_enough_commands_to_run() -> None:
    assert len(wanted(ROOT / "README.md")) >= 15
    assert ("trainer", "export") in [(p, a[0]) for p, a in wanted(ROOT / "docs/evening.md")]


@pytest.mark.parametrize("page", FIGURES["PAGES"], ids=lambda page: page.name)
def test_figures_of_a_page_when_rendered_then_are_those_of_the_records(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<!-- figures: " in text
    assert FIGURES["filled"](text) == text, "run: python docs/make_figures.py"


def test_figures_when_edited_by_hand_then_are_put_right() -> None:
    text = "a\n<!-- figures: speed -->\n| 999 fps |\n<!-- end -->\nb\n"
    filled = FIGURES["filled"](text)
    assert "999" not in filled
    assert FIGURES["filled"](filled) == filled
    assert filled.startswith("a\n")
    assert filled.endswith("\nb\n")


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="mkdocs is not installed")
def test_site_when_built_strictly_then_has_no_complaint(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "quickstart.html").is_file()
    assert "Pictures live in sub-pixel blocks" in (tmp_path / "index.html").read_text("utf-8")
