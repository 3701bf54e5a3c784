"""`optimize` and `cache` as a user runs them."""

import gc
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from livecartoon import processor
from livecartoon.backends.cache import entries
from livecartoon.cli import run
from tests.drawing import write_student

pytestmark = pytest.mark.slow
SCHEMAS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in (Path(__file__).parents[2] / "livecartoon/schemas").glob("*.json")
}
REGISTRY = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)


@pytest.fixture
def style(tmp_path, own_cache):
    pytest.importorskip("openvino")
    return str(write_student(tmp_path / "drawn.safetensors"))


def document(capsys, name):
    found = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMAS[name], registry=REGISTRY).validate(found)
    return found


def command(style, *more):
    fixed = ("--size", "96x64", "--precision", "fp32", "--infer-size", "source")
    return ["optimize", "-s", style, *fixed, *more]


def test_optimize_when_run_twice_then_the_second_finds_it_ready(style, capsys):
    assert run(command(style, "--json")) == 0
    (first,) = document(capsys, "optimize")["engines"]
    assert not first["cached"]
    assert len(first["selftest"]) == 8
    assert not [frame for frame in first["selftest"] if frame["fault"]]
    assert run(command(style, "--json")) == 0
    found = document(capsys, "optimize")
    assert found["engines"][0]["cached"]
    assert found["engine"]["selftest"]["psnr_min"] >= 38
    assert run(command(style, "--check-only")) == 0


def test_optimize_when_checking_only_and_nothing_is_ready_then_exit_5(style, capsys):
    assert run(command(style, "--check-only")) == 5
    assert "no openvino engine is ready" in capsys.readouterr().err


def test_optimize_when_run_then_phases_on_stderr_and_the_table_on_stdout(style, capsys):
    assert run(command(style)) == 0
    out, err = capsys.readouterr()
    assert "time unknown" in err
    assert [w for w in ("converting", "compiling", "self-test", "storing") if w not in err] == []
    assert "96x64" in out
    assert "checker" in out


def test_optimize_when_precision_is_free_and_nncf_is_missing_then_fp32_and_says_why(
    style, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "nncf", None)
    monkeypatch.setattr(processor, "_features", dict)  # one that multiplies no bfloat16
    line = ["optimize", "-s", style, "--size", "96x64", "--infer-size", "source"]
    assert run([*line, "--json"]) == 0
    (made,) = document(capsys, "optimize")["engines"]
    assert (made["precision_asked"], made["precision_used"]) == ("auto", "fp32")
    assert "nncf" in made["dropped"][0]
    assert run([*line, "--precision", "int8"]) == 5
    assert "livecartoon[int8]" in capsys.readouterr().err


def test_cache_when_an_engine_is_damaged_then_verify_names_it_and_convert_rebuilds(
    style, capsys, tmp_path
):
    run(command(style))
    capsys.readouterr()
    assert run(["cache", "--json"]) == 0
    (item,) = document(capsys, "cache")["items"]
    assert (item["backend"], item["precision"], item["size"]) == ("openvino", "fp32", [96, 64])
    assert run(["cache", "verify"]) == 0
    path = Path(item["path"])
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    capsys.readouterr()
    assert run(["cache", "verify", "--json"]) == 5
    found = document(capsys, "cache")
    assert "instead of" in found["items"][0]["fault"]
    assert run(command(style, "--json")) == 0
    assert not document(capsys, "optimize")["engines"][0]["cached"]


def test_cache_when_another_version_wrote_the_engine_then_verify_says_stale_not_damaged(
    style, capsys
):
    run(command(style))
    capsys.readouterr()
    assert run(["cache", "--json"]) == 0
    record_path = Path(document(capsys, "cache")["items"][0]["path"]).with_suffix(".json")
    record = json.loads(record_path.read_text())
    record_path.write_text(json.dumps(record | {"format": record["format"] - 1}))
    assert run(["cache", "verify", "--json"]) == 0
    (item,) = document(capsys, "cache")["items"]
    assert item["state"] == "stale"
    assert "cache format" in item["fault"]
    assert run(["cache", "verify"]) == 0
    assert capsys.readouterr().out.startswith("stale  ")


def test_cache_when_cleared_without_y_then_refused_and_with_it_empty(style, capsys):
    run(command(style))
    assert run(["cache", "clear"]) == 2
    deadline_s = time.monotonic() + 20  # an engine that is just being let go is in use, and spared
    while run(["cache", "clear", "-y"]) == 0 and entries() and time.monotonic() < deadline_s:
        gc.collect()
        time.sleep(0.1)
    assert run(["cache", "prune"]) == 2
    assert run(["cache", "prune", "--older-than", "30d", "--max", "2G"]) == 0
    capsys.readouterr()
    assert run(["cache", "--json"]) == 0
    assert document(capsys, "cache")["items"] == []


def test_optimize_when_killed_in_the_middle_then_the_next_run_builds(style, capsys):
    words = [sys.executable, "-m", "livecartoon", *command(style)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"converting" in line:
                process.send_signal(signal.SIGKILL)
                break
    assert run(command(style, "--json")) == 0
    assert not document(capsys, "optimize")["engines"][0]["cached"]


def test_optimize_when_two_run_at_once_then_one_builds_and_both_end_well(style):
    words = [sys.executable, "-m", "livecartoon", *command(style, "--json")]
    runs = [subprocess.Popen(words, stdout=subprocess.PIPE) for _ in range(2)]
    found = [json.loads(process.communicate(timeout=120)[0]) for process in runs]
    assert sorted(made["engines"][0]["cached"] for made in found) == [False, True]


def test_optimize_when_in_background_then_returns_and_cache_tells_of_it(style, capsys):
    words = [sys.executable, "-m", "livecartoon", *command(style, "--background", "--json")]
    started = json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)
    pid = started["background"]["pid"]
    end_s = time.monotonic() + 120
    build = {"outcome": "running"}
    while build["outcome"] == "running" and time.monotonic() < end_s:
        time.sleep(0.2)
        capsys.readouterr()
        assert run(["cache", "--json"]) == 0
        builds = [b for b in document(capsys, "cache")["builds"] if b["pid"] == pid]
        build = builds[0] if builds else build
    assert build["outcome"] == "done", Path(started["background"]["log"]).read_text()
    assert run(command(style, "--check-only")) == 0


def test_convert_when_the_cache_folder_cannot_be_written_then_still_converts(
    style, capsys, tmp_path, monkeypatch
):
    from tests.drawing import write_clip

    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "file"))
    clip = write_clip(tmp_path / "clip.mp4")
    assert run(["convert", str(clip), "-s", style, "-o", str(tmp_path / "out.mp4")]) == 0
    assert (tmp_path / "out.mp4").stat().st_size
    assert "could not be cached" in capsys.readouterr().err
