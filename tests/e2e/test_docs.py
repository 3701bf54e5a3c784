"""The commands of README and docs, run in order in a folder that holds what they name."""

import importlib.util
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from livecartoon.cli import run
from livecartoon.frame import Pixels
from livecartoon.jobs.demo_scene import drawn_picture, write_clip
from livecartoon.sinks.pictures import encode_picture
from tests.documented import PLACEHOLDER, ROOT, commands, pages, snippets
from tests.drawing import drawn_photo
from trainer.__main__ import main as trainer
from trainer.targets.folder import pair_name

pytestmark = pytest.mark.slow
NEEDS_WORDS = ("convert", "image", "optimize")
#: Seconds at most each, and without a camera, a card, a network or an optional package.
QUICK = ("cache", "convert", "devices", "doctor", "image", "optimize", "styles")
LIVE = ("cam", "serve")
NEEDS_MORE = re.compile(r"\b(int8|cluster|cuda|tensorrt|rtx|onnx|ort|background|720p)\b|://|\|")
PAGES = [page for page in pages() if "adr" not in page.parts and page.name != "CONTRIBUTING.md"]
FIGURES = runpy.run_path(str(ROOT / "docs/make_figures.py"))
EVENING = ROOT / "docs/evening.md"
TRAINED = ("targets", "train", "export", "status")


@pytest.fixture
def folder(tmp_path: Path, engines: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, holding what the pages name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(engines))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    write_clip(tmp_path / "holiday.mp4", 0.125)
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode_picture(photo, drawn_picture(320, 180)))
    for name in ("photos", "videos", "small", "nano", "classic", "pixels"):
        (tmp_path / name).mkdir()
    (tmp_path / "videos" / "one.mp4").write_bytes((tmp_path / "holiday.mp4").read_bytes())
    write_photos(tmp_path / "photos")
    (tmp_path / "list.txt").write_text("videos/one.mp4\n", encoding="utf-8")
    return tmp_path


def write_photos(folder: Path) -> None:
    """Three to train with and one that is held out, all of one size, hence of one engine."""
    wanted = ["t", "t", "t", "h"]
    for shift in range(192):
        picture = np.roll(drawn_photo(192, 144), shift, axis=1)
        content = cv2.imencode(".png", picture)[1].tobytes()
        kind = pair_name(content)[0]
        if kind in wanted:
            wanted.remove(kind)
            (folder / f"{shift}.png").write_bytes(content)
        if not wanted:
            return


def is_quick(program: str, args: list[str]) -> bool:
    """Whether a test can afford the command and this machine can do it."""
    text = " ".join(args)
    if NEEDS_MORE.search(text) or not args or any(map(PLACEHOLDER.fullmatch, args)) or "-" in args:
        return False
    if program == "trainer":
        is_whole = "-o" in args or args[0] == "status"
        return args[0] in TRAINED and is_whole and (args[0] != "train" or "smoke" in args)
    if program != "livecartoon":
        return False
    if args[0] in LIVE:
        is_alone = "pattern:" in args and "--no-show" in args
        return is_alone and bool(re.search(r"--duration [1-5]s?\b", text))
    return args[0] in QUICK and (args[0] not in NEEDS_WORDS or len(args) > 1)


def is_possible(program: str, args: list[str]) -> bool:
    """Whether there is what the command names: only a long training makes some of it."""
    given = [a for a in args[1:] if a.endswith(".safetensors") or a.startswith(("runs/", "pairs/"))]
    made = args[args.index("-o") + 1] if "-o" in args else ""
    return all(Path(path).exists() for path in given if path != made)


def planned() -> dict[Path, list[tuple[str, list[str]]]]:
    """What to run for each page; the program's own commands once, on the first that has them."""
    plan: dict[Path, list[tuple[str, list[str]]]] = {}
    seen: set[str] = set()
    for page in PAGES:
        for program, args in (found for s in snippets(page) for found in commands(s)):
            text = " ".join(args)
            if is_quick(program, args) and text not in seen:
                plan.setdefault(page, []).append((program, args))
                seen |= {text} if program == "livecartoon" else set()
    return plan


PLAN = planned()


@pytest.mark.parametrize("page", PLAN, ids=lambda page: page.name)
def test_commands_of_a_page_when_typed_in_order_then_work(
    page: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = 0
    for program, args in PLAN[page]:
        if not is_possible(program, args):
            continue
        if program == "trainer":
            trainer.main(args, standalone_mode=False)
        else:
            good = {0, 5} if args[0] == "doctor" else {0}
            assert run(args) in good, (args, capsys.readouterr().err)
        done += 1
        for made in folder.glob("holiday.*.mp4"):  # the next command may want the same name
            made.unlink()
    assert done


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_example_of_the_library_when_run_then_gives_cartoons(folder: Path) -> None:
    shown: list[Pixels] = []
    frames = [drawn_photo(192, 144), drawn_photo(192, 144)]
    (example,) = blocks("README.md", "python")
    exec(example, {"frames": frames, "show": lambda cartoon: shown.append(cartoon.copy())})
    assert [cartoon.shape for cartoon in shown] == [(144, 192, 3)] * 2
    assert not np.array_equal(shown[0], frames[0])


def test_examples_of_the_library_page_when_run_then_draw_and_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = drawn_photo(192, 144)
    names: dict[str, Any] = {"photo": photo, "frames": [photo, photo]}
    for example in blocks("docs/library.md", "python"):
        exec(example, names)
    assert names["cartoon"].shape == (360, 640, 3)
    assert [frame.shape for frame in names["steady"]] == [photo.shape] * 2
    assert capsys.readouterr().out.splitlines()[-1].startswith("done ")
    Path("cartoon.mkv").unlink()


def test_configuration_of_the_quickstart_when_read_then_has_known_keys(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = blocks("docs/quickstart.md", "toml")
    Path("config.toml").write_text(example, encoding="utf-8")
    assert run(["convert", "holiday.mp4", "--dry-run", "--config", "config.toml"]) == 0
    Path("config.toml").write_text(example.replace("mirror", "miror"), encoding="utf-8")
    assert run(["convert", "holiday.mp4", "--dry-run", "--config", "config.toml"]) == 2
    assert "E206" in capsys.readouterr().err


def test_shelf_of_the_evening_when_named_then_the_style_is_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = blocks("docs/evening.md", "toml")
    Path("styles.toml").write_text(example, encoding="utf-8")
    monkeypatch.setenv("LIVECARTOON_STYLES", str(folder))
    assert run(["styles"]) == 0
    assert "Few tones, bold lines" in capsys.readouterr().out


def test_readme_when_read_then_has_enough_commands_to_run() -> None:
    assert len(PLAN[ROOT / "README.md"]) >= 15
    assert {"targets", "train", "export", "image"} <= {a[0] for _, a in PLAN[EVENING]}


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
