"""The command line as a whole: flags, environment, configuration file, exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from livecartoon import __version__
from livecartoon.cli import COMMANDS, main, run
from livecartoon.cli.configfile import effective_values
from livecartoon.cli.flags import Flag


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


def test_help_when_asked_then_shows_defaults_and_own_options_before_shared_ones(capsys):
    assert run(["cam", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "--size SIZE Size asked of the camera. [default: 1280x720]" in text
    places = [text.index(f" {word} ") for word in ("--style", "--tier", "--size", "--log-file")]
    assert places == sorted(places)


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
