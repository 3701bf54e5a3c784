"""The command line as a whole: flags, environment, configuration file, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from livecartoon import __version__
from livecartoon.cli import COMMANDS, LazyGroup, main, run
from livecartoon.cli.configfile import effective_values
from livecartoon.cli.failure import Terminated
from livecartoon.cli.flags import Flag, command, flag
from livecartoon.cli.session import Session, current
from livecartoon.cli.values import Named
from livecartoon.errors import InputError


@pytest.fixture
def probe(monkeypatch):
    """A command that reports what it was given, in place of `doctor`."""
    seen = {}

    @flag("--tier", type=Named(["auto", "small"]), default="auto")
    @flag("--ink", type=float, default=1.0)
    @flag("--bars/--no-bars", default=True)
    @flag("--word", "words", multiple=True)
    @command("doctor")
    def doctor(**values):
        session = current()
        seen.update(values, session=session)
        if "fail" in seen:
            raise seen["fail"]
        session.finish(checks=[])

    own = LazyGroup.get_command
    monkeypatch.setattr(
        LazyGroup,
        "get_command",
        lambda self, ctx, name: doctor if name == "doctor" else own(self, ctx, name),
    )
    return seen


def write_config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_version_when_asked_then_printed(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"livecartoon {__version__}\n"


def test_version_when_package_is_built_then_agrees():
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{__version__}"\n' in text


def test_command_when_missing_then_help_on_stderr_and_exit_2(capsys):
    assert run([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Commands:" in err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_of_command_when_asked_then_has_two_examples(name, capsys):
    assert run([name, "--help"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert sum(line.startswith(f"livecartoon {name}") for line in lines) >= 2


def test_picture_suffixes_when_searched_for_then_are_those_we_write():
    from livecartoon.cli.image import SUFFIXES
    from livecartoon.sinks.pictures import FORMATS

    assert set(FORMATS) == SUFFIXES


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_options_when_long_then_have_an_environment_variable(name):
    made = main.get_command(click.Context(main), name)
    for option in made.params:
        if isinstance(option, Flag) and option.key:
            assert option.envvar == "LIVECARTOON_" + option.key.upper()
            assert option.help or option.metavar


def test_help_when_imported_then_loads_nothing_slow():
    code = (
        "import sys; from livecartoon.cli import run; run(['--help']);"
        "slow = {'torch', 'av', 'cv2', 'openvino', 'numpy', 'rich', 'onnx', 'safetensors'};"
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_public_names_when_listed_then_import_lazily():
    code = (
        "import sys, livecartoon; dir(livecartoon); livecartoon.list_styles();"
        "sys.exit(', '.join({'torch', 'av', 'cv2'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("before", [True, False])
def test_shared_flags_when_before_or_after_the_command_then_count(before, probe):
    shared = ["-v", "--color", "never", "--progress", "none"]
    assert run([*shared, "doctor"] if before else ["doctor", *shared]) == 0
    session = probe["session"]
    assert (session.verbosity, session.color, session.progress) == (1, "never", "none")


def test_verbosity_when_given_on_both_sides_then_adds_up(probe):
    run(["-v", "doctor", "-v", "-q"])
    assert probe["session"].verbosity == 1


def test_option_when_given_twice_then_last_wins(probe):
    run(["doctor", "--ink", "1", "--ink", "2"])
    assert probe["ink"] == 2


def test_values_when_set_everywhere_then_command_line_beats_environment_beats_file(
    probe, tmp_path, monkeypatch
):
    path = write_config(tmp_path, "[default]\nink = 0.1\n[doctor]\nink = 0.2\ntier = 'small'\n")
    run(["doctor", "--config", path])
    assert (probe["ink"], probe["tier"]) == (0.2, "small")
    monkeypatch.setenv("LIVECARTOON_INK", "0.3")
    run(["doctor", "--config", path])
    assert probe["ink"] == 0.3
    run(["--config", path, "doctor", "--ink", "0.4"])
    assert probe["ink"] == 0.4


def test_shared_flag_when_typed_before_command_then_beats_the_environment(probe, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_COLOR", "always")
    run(["--color", "never", "doctor"])
    assert probe["session"].color == "never"


def test_config_when_in_platform_folder_then_found_and_no_config_ignores_it(probe):
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "livecartoon"
    folder.mkdir(parents=True, exist_ok=True)
    write_config(folder, "[doctor]\nbars = false\nword = ['a', 'b']\n")
    try:
        run(["doctor"])
        assert (probe["bars"], probe["words"]) == (False, ("a", "b"))
        run(["doctor", "--no-config"])
        assert (probe["bars"], probe["words"]) == (True, ())
    finally:
        (folder / "config.toml").unlink()


def test_effective_values_when_asked_then_say_where_they_come_from(probe, tmp_path, monkeypatch):
    path = write_config(tmp_path, "[doctor]\nink = 0.5\n")
    monkeypatch.setenv("LIVECARTOON_TIER", "small")
    run(["doctor", "--config", path])
    session = probe["session"]
    with click.Context(main).scope():
        found = {(c, k): (v, o) for c, k, v, o in effective_values(session)}
    assert found["doctor", "ink"] == ("0.5", path)
    assert found["doctor", "tier"] == ("small", "LIVECARTOON_TIER")
    assert found["doctor", "bars"] == (True, "built-in")


def test_config_when_in_current_folder_then_never_read(probe, tmp_path, monkeypatch):
    write_config(tmp_path, "[doctor]\nink = 2.0\n")
    monkeypatch.chdir(tmp_path)
    run(["doctor"])
    assert probe["ink"] == 1.0


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[doctor]\nink = 1.0\ninc = 2.0\n", 3, "did you mean: ink"),
        ("[default]\n\n[doctr]\n", 3, "did you mean: doctor"),
        ("ink = 1\n", 1, "outside a section"),
        ("[doctor]\nink = true\n", 2, "needs text or a number"),
        ("[doctor]\nbars = 'no'\n", 2, "needs true or false"),
        ("[doctor]\nword = 'x'\n", 2, "needs a list"),
        ("[doctor]\nink = 'x'\n", 2, "not a valid float"),
        ("[doctor]\ntier = 'smal'\n", 2, "did you mean: small"),
    ],
)
def test_config_when_wrong_then_error_names_file_line_and_remedy(
    text, line, words, probe, tmp_path, capsys
):
    path = write_config(tmp_path, text)
    assert run(["doctor", "--config", path]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"livecartoon: error[E206]: {path}:{line}: ")
    assert words in said


@pytest.mark.parametrize("text", ["[x", "a = ", "\x00", "[default]\nstyle = 1\nstyle = 2\n"])
def test_config_when_not_toml_then_usage_error(text, probe, tmp_path, capsys):
    assert run(["doctor", "--config", write_config(tmp_path, text)]) == 2
    assert "error[E206]" in capsys.readouterr().err


def test_config_when_named_but_missing_then_usage_error(probe, tmp_path, capsys):
    assert run(["doctor", "--config", str(tmp_path / "none.toml")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_config_when_broken_then_help_still_works(probe, tmp_path):
    assert run(["doctor", "--config", write_config(tmp_path, "[x"), "--help"]) == 0


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
