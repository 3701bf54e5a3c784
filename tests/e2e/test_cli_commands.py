"""Whole commands, in this process, on a short clip that is made here."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from livecartoon.cli import COMMANDS, run
from livecartoon.jobs.demo_scene import drawn_picture, write_clip
from livecartoon.jobs.unfinished import remember
from livecartoon.sinks.pictures import encode_picture
from livecartoon.sources.probe import inspect

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SCHEMAS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in (ROOT / "livecartoon/schemas").glob("*.json")
}
REGISTRY = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)
#: These need a camera and a window, or the minute that `make demo` takes.
BY_HAND = ("livecartoon cam", "livecartoon demo", "livecartoon serve")
EXAMPLE = re.compile(r"^ +(livecartoon .*)$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, holding what the examples of the help name."""
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "holiday.mp4", 0.5)
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode_picture(photo, drawn_picture(320, 180)))
    return tmp_path


def document(capsys, name):
    """The JSON document on stdout, checked against its schema."""
    found = json.loads(capsys.readouterr().out)
    checker = jsonschema.Draft202012Validator(SCHEMAS[name], registry=REGISTRY)
    checker.validate(found)
    return found


def examples(name, capsys):
    run([name, "--help"])
    return EXAMPLE.findall(capsys.readouterr().out)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_examples_of_help_when_pasted_then_work(name, folder, capsys):
    for line in examples(name, capsys):
        if line not in BY_HAND:
            args = shlex.split(line)[1:]
            assert run(args) in ({0, 5} if name == "doctor" else {0}), (
                line,
                capsys.readouterr().err,
            )


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schemas_when_loaded_then_are_schemas(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def test_document_of_a_later_release_then_may_add_fields_and_needs_a_version_of_its_own(capsys):
    assert run(["styles", "--json"]) == 0
    found = document(capsys, "styles")
    checker = jsonschema.Draft202012Validator(SCHEMAS["styles"], registry=REGISTRY)
    added = found | {"novelty": 1, "items": [item | {"novelty": 1} for item in found["items"]]}
    assert checker.is_valid(added)
    assert not checker.is_valid(added | {"schema": "livecartoon/2"})
    assert not checker.is_valid({key: found[key] for key in found if key != "items"})


def test_convert_when_json_then_document_validates_and_file_is_whole(folder, capsys):
    assert run(["convert", "holiday.mp4", "-s", "classic", "-o", "out.mkv", "--json"]) == 0
    found = document(capsys, "convert")
    (made,) = found["files"]
    assert (made["status"], made["frames_in"], made["frames_out"]) == ("done", 12, 12)
    assert found["engine"]["backend"] in ("openvino", "torch")
    before, after = inspect(folder / "holiday.mp4"), inspect(folder / "out.mkv")
    assert [round(t, 3) for t in map(float, after.pts)] == [round(float(t), 3) for t in before.pts]
    assert [s.sha256 for s in after.sound] == [s.sha256 for s in before.sound]


def test_cache_when_a_film_was_stopped_then_tells_where_and_how_far(folder, capsys, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(folder / "cache"))
    left = folder / "film.mp4.livecartoon"
    left.mkdir()
    (left / "journal.jsonl").write_text('{"pts": [0, 1, 2]}\n{"pts": [3, 4]}\n{"pt')
    remember(left)
    assert run(["cache", "--json"]) == 0
    (film,) = document(capsys, "cache")["unfinished"]
    assert (film["output"], film["frames"]) == (str(folder / "film.mp4"), 5)
    assert run(["cache"]) == 0
    assert f"unfinished  {folder / 'film.mp4'}  5 frames" in capsys.readouterr().out


def test_convert_when_piped_then_stderr_tells_engine_and_end(folder):
    command = [sys.executable, "-m", "livecartoon", "convert", "holiday.mp4", "-s", "classic"]
    run_to_end = subprocess.run([*command, "-o", "-"], capture_output=True, check=True, cwd=folder)
    assert run_to_end.stdout[:4] == b"\x1aE\xdf\xa3"  # Matroska
    assert b"engine: filter at" in run_to_end.stderr
    assert b"ok stdout  12 frames" in run_to_end.stderr


def test_convert_when_memory_is_short_then_exit_5_says_what_is_needed(folder, capsys):
    args = ["convert", "holiday.mp4", "-s", "classic", "-o", "out.mp4", "--mem-limit"]
    assert run([*args, "32M"]) == 5
    assert re.search(r"error\[E506\].*takes \d+ MiB, 32 are allowed", capsys.readouterr().err)
    assert not (folder / "out.mp4").exists()
    assert run([*args, "1M"]) == 2


def test_convert_when_output_exists_then_exit_4_before_any_work(folder, capsys):
    (folder / "out.mp4").write_bytes(b"mine")
    assert run(["convert", "holiday.mp4", "-s", "classic", "-o", "out.mp4", "--json"]) == 4
    found = document(capsys, "convert")
    assert found["error"]["code"] == "E401"
    assert (folder / "out.mp4").read_bytes() == b"mine"
    assert run(["convert", "holiday.mp4", "-s", "classic", "-o", "out.mp4", "-n"]) == 0
    assert (folder / "out.mp4").read_bytes() == b"mine"


def test_convert_when_one_of_two_fails_then_exit_7_and_the_other_is_done(folder, capsys):
    (folder / "bad.mp4").write_bytes(b"not a video at all")
    assert run(["convert", "bad.mp4", "holiday.mp4", "-s", "classic", "-o", "out", "--json"]) == 7
    found = document(capsys, "convert")
    assert [made["status"] for made in found["files"]] == ["failed", "done"]
    assert found["error"]["code"] == "E701"
    assert (folder / "out" / "holiday.classic.mp4").is_file()


def test_convert_when_named_by_a_template_then_its_folder_is_made(folder):
    args = ["convert", "holiday.mp4", "-s", "classic", "-o", "made/{stem}.mkv"]
    assert run([*args, "--dry-run"]) == 0
    assert not (folder / "made").exists()
    assert run(args) == 0
    assert (folder / "made" / "holiday.mkv").is_file()
    assert run([*args[:-1], "typo/holiday.mkv"]) == 4  # a name in full may be misspelt


@pytest.mark.parametrize("command", ["convert", "image"])
def test_batch_when_quiet_then_says_what_was_wrong_with_each_file(command, folder, capsys):
    for name in ("bad.mp4", "worse.mp4"):
        (folder / name).write_bytes(b"neither a film nor a picture")
    assert run([command, "bad.mp4", "worse.mp4", "-s", "classic", "-o", "out", "-q"]) == 7
    first, second, *rest = capsys.readouterr().err.splitlines()
    assert re.match(r"FAILED bad\.mp4: .*E302", first)
    assert re.match(r"FAILED worse\.mp4: .*E302", second)
    assert "error[E701]" in rest[0]
    assert run([command, "bad.mp4", "worse.mp4", "-s", "classic", "-o", "out", "-qq"]) == 7
    assert capsys.readouterr().err == ""


def test_cam_when_the_film_does_not_exist_then_says_so(folder, capsys):
    for name in ("film.mp4", "./film", "../films/film.mp4"):
        assert run(["cam", "--camera", name, "--no-show", "--sink", "null"]) == 3
        said = capsys.readouterr().err.splitlines()
        assert said[:2] == [
            f"livecartoon: error[E301]: no such file: {name}",
            "  try: check the path",
        ]


def test_convert_when_finished_then_one_line_on_stderr_and_nothing_on_stdout(folder, capsys):
    assert run(["convert", "holiday.mp4", "-s", "classic", "-o", "out.mp4"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    pattern = r"ok out\.mp4  12 frames  [\d.]+ fps  [\d.]+x  [\d.]+ MiB \([\d.]+x source\)"
    assert re.fullmatch(pattern, err.splitlines()[-1])
    assert run(["convert", "holiday.mp4", "-s", "classic", "-o", "quiet.mp4", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_convert_when_interrupted_then_130_and_no_torso(folder):
    write_clip(folder / "long.mp4", 20)
    args = ["convert", "long.mp4", "-s", "classic", "-o", "out.mp4", "--progress", "json"]
    with subprocess.Popen(
        [sys.executable, "-m", "livecartoon", *args], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while '"frame"' not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        started_s = time.monotonic()
        rest = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert time.monotonic() - started_s < 30
    assert "Traceback" not in rest
    assert not (folder / "out.mp4").exists()


def test_image_when_json_then_document_validates(folder, capsys):
    assert run(["image", "photo.png", "-s", "classic", "--json"]) == 0
    (made,) = document(capsys, "image")["files"]
    assert made["size"] == [320, 180]
    assert (folder / "photo.classic.png").is_file()


def test_image_when_missing_then_input_error(folder, capsys):
    assert run(["image", "nothing.png", "--json"]) == 3
    assert document(capsys, "image")["error"]["code"] == "E301"


def test_cam_when_json_then_document_validates(folder, capsys):
    args = ["--camera", "pattern:", "--size", "320x180", "--no-show", "--sink", "null"]
    assert run(["cam", *args, "--frames", "5", "-s", "classic", "--json"]) == 0
    found = document(capsys, "cam")
    assert found["frames"]["processed"] >= 5


def test_demo_when_run_then_every_result_is_verified(folder, capsys):
    assert run(["demo", "--seconds", "0.5", "-o", "d", "--json"]) == 0
    found = document(capsys, "demo")
    assert {made["status"] for made in found["files"]} == {"done"}
    assert {made["frames_out"] for made in found["files"]} == {12}
    assert "classic" in {made["style"] for made in found["files"]}
    assert Path(found["strip"]).read_bytes().startswith(b"\x89PNG")
    assert run(["demo", "--seconds", "0.5", "-o", "d", "-s", "classic"]) == 4


def test_demo_when_given_a_video_then_converts_that(folder, capsys):
    assert run(["demo", "--video", "holiday.mp4", "-s", "classic", "-o", "d"]) == 0
    assert inspect(folder / "d" / "holiday.classic.mp4").packets == 12
    assert "classic" in capsys.readouterr().out


def test_bench_when_json_then_document_validates(folder, capsys):
    args = ["bench", "-s", "classic", "--size", "320x180", "--seconds", "0.2"]
    assert run([*args, "-o", "b.json", "--json"]) == 0
    (measured,) = document(capsys, "bench")["runs"]
    rates = measured["fps_end_to_end"]
    assert 0 < rates["min"] <= rates["median"] <= rates["max"]
    assert run([*args, "--compare", "b.json"]) == 0
    assert re.search(r"[+-][\d.]+% (same|faster|SLOWER)", capsys.readouterr().out)


@pytest.mark.parametrize("text", ["", "{}", '{"runs": [{}]}', '{"runs": 3}'])
def test_bench_when_compared_with_nonsense_then_input_error(text, folder, capsys):
    (folder / "old.json").write_text(text, encoding="utf-8")
    assert run(["bench", "--compare", "old.json"]) == 3
    assert "error[E302]" in capsys.readouterr().err


def test_doctor_when_json_then_document_validates(folder, capsys):
    exit_code = run(["doctor", "--json"])
    found = document(capsys, "doctor")
    failed = [check for check in found["checks"] if check["status"] == "fail"]
    assert exit_code == found["exit_code"] == (5 if failed else 0)
    assert all(check["remedy"] for check in found["checks"] if check["status"] != "ok")


@pytest.mark.parametrize("args", [["styles"], ["styles", "show", "classic"], ["devices"]])
def test_lists_when_json_then_documents_validate(args, capsys):
    assert run([*args, "--json"]) == 0
    found = document(capsys, args[0])
    assert found["ok"]


def test_progress_when_json_then_lines_validate(folder, capsys):
    args = ["convert", "holiday.mp4", "-s", "classic", "-o", "out.mp4", "--progress", "json"]
    assert run(args) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert lines
    for line in map(json.loads, lines):
        jsonschema.validate(line, SCHEMAS["progress"])
        assert line["stage"] in ("decode", "network", "temporal", "encode")
        assert line["engine"] in ("openvino fp32", "torch fp32")
