import json
import os
import socket
from pathlib import Path

import pytest

from livecartoon.errors import InputError, OutputError, UsageError
from livecartoon.jobs.naming import (
    check_paths,
    expand_inputs,
    known_names,
    make_folders,
    output_for,
    partial_name,
)
from livecartoon.jobs.workspace import Workspace


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return [folder / name for name in names]


def test_expand_inputs_of_a_folder_sorts_naturally_and_skips_ours(tmp_path: Path) -> None:
    touch(tmp_path, "a10.mp4", "a2.mkv", "note.txt", "x.mp4.livecartoon/part.mp4", "sub/b.mp4")
    flat = expand_inputs([str(tmp_path)])
    assert [path.name for path in flat] == ["a2.mkv", "a10.mp4"]
    deep = expand_inputs([str(tmp_path)], is_recursive=True)
    assert [path.name for path in deep] == ["a2.mkv", "a10.mp4", "b.mp4"]


def test_expand_inputs_of_a_folder_leaves_out_what_became_of_others(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "a.ink.mp4", "a.part2.mkv", "b.ink.mp4", "c.mov", "c.me+you.mp4")
    found = expand_inputs([str(tmp_path)], styles={"ink", "me+you"})
    assert [path.name for path in found] == ["a.mp4", "a.part2.mkv", "b.ink.mp4", "c.mov"]
    named = expand_inputs([str(tmp_path / "a.ink.mp4")], styles={"ink"})
    assert [path.name for path in named] == ["a.ink.mp4"]


def test_known_names_are_the_installed_styles_and_the_typed_one() -> None:
    assert known_names("looks/mine.toml") >= {"mine", "shinkai", "classic"}


def test_expand_inputs_of_a_list_and_globs_gives_each_once(tmp_path: Path) -> None:
    one, two = touch(tmp_path, "1.mp4", "2.mp4")
    (tmp_path / "list.txt").write_text(f"# mine\n\n{two}\n{one}\n")
    texts = [f"@{tmp_path / 'list.txt'}", str(tmp_path / "*.mp4")]
    assert expand_inputs(texts) == [two, one]


def test_expand_inputs_of_a_list_without_its_mark_names_it(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.mp4\n")
    with pytest.raises(InputError, match="E302") as caught:
        expand_inputs([str(tmp_path / "list.txt")])
    assert caught.value.remedies[0].startswith("@")


def test_expand_inputs_of_nothing_or_addresses_raises(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E301"):
        expand_inputs([str(tmp_path / "none.mp4")])
    with pytest.raises(InputError, match="E301"):
        expand_inputs([str(tmp_path)])
    with pytest.raises(UsageError, match="E201"):
        expand_inputs(["https://example.org/a.mp4"])


@pytest.mark.parametrize(
    ("source", "output", "expected"),
    [
        ("d/a.mkv", None, "d/a.shinkai.mkv"),
        ("d/a.mpg", None, "d/a.shinkai.mp4"),
        ("d/a.MP4", None, "d/a.shinkai.mp4"),
        ("d/a.mp4", "out.mov", "out.mov"),
        ("d/a.mp4", "{dir}/{n}-{stem}-{style}.{ext}", "d/3-a-shinkai.mp4"),
    ],
)
def test_output_for_names_the_result(source: str, output: str | None, expected: str) -> None:
    target = output_for(Path(source), Path(output) if output else None, "shinkai", number=3)
    assert target == Path(expected)


def test_output_for_a_folder_and_a_style_file(tmp_path: Path) -> None:
    target = output_for(Path("a.mp4"), tmp_path, "/styles/mine-v1.safetensors")
    assert target == tmp_path / "a.mine-v1.mp4"


def test_output_for_a_wrong_template_raises() -> None:
    with pytest.raises(UsageError, match="E201"):
        output_for(Path("a.mp4"), Path("{nope}.mp4"), "shinkai")


def test_make_folders_of_a_template_makes_them_of_a_plain_name_none(tmp_path: Path) -> None:
    targets = [tmp_path / "made" / "a" / "x.mp4", tmp_path / "made" / "b" / "x.mp4"]
    make_folders(tmp_path / "made" / "{stem}" / "x.mp4", targets)
    assert all(target.parent.is_dir() for target in targets)
    make_folders(tmp_path / "none" / "x.mp4", [tmp_path / "none" / "x.mp4"])
    make_folders(None, [tmp_path / "none" / "x.mp4"])
    assert not (tmp_path / "none").exists()
    touch(tmp_path, "file")
    with pytest.raises(OutputError, match=r"E402.*cannot be made"):
        make_folders(tmp_path / "{n}", [tmp_path / "file" / "x.mp4"])


def test_check_paths_refuses_what_would_go_wrong(tmp_path: Path) -> None:
    (source,) = touch(tmp_path, "a.mp4")
    check_paths(source, tmp_path / "b.mp4", overwrite=False)
    touch(tmp_path, "b.mp4")
    (tmp_path / "d.mp4").mkdir()
    for target, error, code in (
        ("b.mp4", OutputError, "E401"),
        ("a.mp4", UsageError, "E205"),
        ("none/c.mp4", OutputError, "E402"),
        ("d.mp4", OutputError, "E402"),
        ("c.xyz", UsageError, "E201"),
    ):
        with pytest.raises(error, match=code):
            check_paths(source, tmp_path / target, overwrite=False)
    check_paths(source, tmp_path / "b.mp4", overwrite=True)


def test_partial_name_of_a_taken_one_counts_on(tmp_path: Path) -> None:
    assert partial_name(tmp_path / "a.mp4", overwrite=False).name == "a.partial.mp4"
    touch(tmp_path, "a.partial.mp4")
    assert partial_name(tmp_path / "a.mp4", overwrite=False).name == "a.partial-2.mp4"
    assert partial_name(tmp_path / "a.mp4", overwrite=True).name == "a.partial.mp4"


def test_workspace_commits_the_part_and_leaves_nothing(tmp_path: Path) -> None:
    with Workspace(tmp_path / "a.mp4") as work:
        work.part.write_bytes(b"film")
        work.commit(tmp_path / "a.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == b"film"


def test_workspace_left_by_an_error_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with Workspace(tmp_path / "a.mp4") as work:
            work.part.write_bytes(b"torso")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_workspace_of_a_running_job_refuses_a_second(tmp_path: Path) -> None:
    with Workspace(tmp_path / "a.mp4") as work:
        work.part.write_bytes(b"film")
        with pytest.raises(OutputError, match="E406"):
            Workspace(tmp_path / "a.mp4")
        assert work.part.exists()


def test_workspace_of_a_dead_job_is_taken_over(tmp_path: Path) -> None:
    child = os.fork() if hasattr(os, "fork") else pytest.skip("needs fork")
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    folder = tmp_path / "a.mp4.livecartoon"
    folder.mkdir()
    (folder / "lock").write_text(json.dumps({"pid": child, "host": socket.gethostname()}))
    (folder / "part.mp4").write_bytes(b"torso")
    with Workspace(tmp_path / "a.mp4") as work:
        assert not work.part.exists()


def test_workspace_with_a_foreign_file_inside_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "a.mp4.livecartoon"
    folder.mkdir()
    (folder / "mine.txt").write_text("keep")
    with Workspace(tmp_path / "a.mp4"):
        pass
    assert (folder / "mine.txt").read_text() == "keep"
