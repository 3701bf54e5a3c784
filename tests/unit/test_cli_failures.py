"""How the command line fails: forms, exit codes, interruptions, what is said where."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from livecartoon.cli import run
from livecartoon.cli.failure import Terminated
from livecartoon.cli.session import Session
from livecartoon.errors import InputError


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["convrt", "x.mp4"], "did you mean: convert"),
        (["convert", "x.mp4", "--styl", "a"], "--style"),
        (["convert", "x.mp4", "--backend", "opnvino"], "did you mean: openvino"),
        (["convert"], "try: livecartoon convert --help"),
        (["convert", "x.mp4", "--crf", "99"], "99 is not in the range"),
        (["convert", "x.mp4", "-y", "-n"], "exclude each other"),
        (["convert", "x.mp4", "-e", "oops"], "not KEY=VALUE"),
        (["convert", "x.mp4", "-s", "clasic"], "did you mean: classic"),
        (["convert", "x" * 300 + ".mp4"], "is too long for a file's name"),
        (["bench", "--size", "1x1", "-s", "classic"], "below 16x16"),
        (["bench", "--size", "80x45", "-s", "classic"], "80x45 is not even"),
        (["cam", "--no-show"], "error[E204]"),
        (["cam", "--duration", "soon"], "is not a time"),
        (["styles", "show"], "error[E202]"),
        (["styles", "list", "x"], "error[E202]"),
    ],
)
def test_usage_when_wrong_then_exit_2_with_form_and_remedy(args, words, capsys):
    assert run(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    first, *rest = err.splitlines()
    assert first.startswith("livecartoon: error[E2")
    assert any(line.startswith("  try: ") for line in rest)
    assert words in err


@pytest.mark.parametrize("command", ["convert", "image"])
def test_input_when_empty_as_of_an_unset_variable_then_it_is_not_the_current_folder(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert run([command, ""]) == 3
    assert "an input without a name" in capsys.readouterr().err


def test_error_when_raised_by_a_job_then_has_the_documented_form(probe, capsys):
    probe["fail"] = InputError("E301", "no such file: \x1b[31mx", "did you mean: y", "check it")
    assert run(["doctor"]) == 3
    assert capsys.readouterr().err == (
        "livecartoon: error[E301]: no such file: \\x1b[31mx\n  did you mean: y\n  try: check it\n"
    )


def test_error_when_json_is_asked_then_document_carries_it(probe, capsys):
    probe["fail"] = InputError("E301", "gone", "look elsewhere")
    assert run(["doctor", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["exit_code"]) == (False, 3)
    assert document["error"] == {"code": "E301", "text": "gone", "try": ["look elsewhere"]}


def test_error_when_doubly_quiet_then_nothing_is_said(probe, capsys):
    probe["fail"] = InputError("E301", "gone")
    assert run(["doctor", "-qq"]) == 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (Terminated(), 143)])
def test_run_when_interrupted_then_shell_convention(error, code, probe, capsys):
    probe["fail"] = error
    assert run(["doctor"]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_bug_when_unexpected_then_traceback_goes_to_the_log_file(probe, tmp_path, capsys):
    probe["fail"] = ZeroDivisionError("oops")
    log = tmp_path / "run.log"
    assert run(["doctor", "--log-file", str(log)]) == 1
    said = capsys.readouterr().err
    assert "error[E100]: unexpected ZeroDivisionError: oops" in said
    assert str(log) in said
    assert "Traceback" not in said
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_bug_when_very_verbose_then_traceback_is_shown(probe, tmp_path, capsys):
    probe["fail"] = ZeroDivisionError("oops")
    assert run(["doctor", "-vv", "--log-file", str(tmp_path / "log")]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_log_file_when_not_writable_then_output_error(probe, tmp_path, capsys):
    assert run(["doctor", "--log-file", str(tmp_path / "none" / "x.log")]) == 4
    assert "error[E402]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("color", "variables", "expected"),
    [
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color_when_not_a_terminal_then_only_if_forced(color, variables, expected, monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with Path(os.devnull).open("w") as stream:
        assert Session(color=color).wants_color(stream) is expected


def test_warning_when_repeated_then_printed_once_and_counted(capsys):
    session = Session()
    session.warn("W301", "odd")
    session.warn("W301", "odd")
    assert capsys.readouterr().err == "livecartoon: warning[W301]: odd\n"
    assert session.document(0)["warnings"] == [{"code": "W301", "text": "odd", "count": 2}]


def test_pipe_when_reader_has_gone_then_quiet_success():
    command_line = [sys.executable, "-m", "livecartoon", "styles"]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        done = subprocess.run(command_line, stdout=stdout, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
