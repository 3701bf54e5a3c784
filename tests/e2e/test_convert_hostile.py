"""Names and contents meant to make `convert` open something else."""

from pathlib import Path

import pytest

from livecartoon.errors import InputError
from livecartoon.sources.probe import inspect
from tests.converting import convert
from tests.drawing import write_clip


@pytest.mark.parametrize(
    "name",
    ["a:b", "concat:x|y", "%03d", "-x", "subfile,,start,0,end,9,,:a", "ä ö\n\x1b[31mred", "{stem}"],
)
def test_convert_of_a_hostile_name_treats_it_as_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = Path(f"{name}.mp4")
    write_clip(tmp_path / "plain.mp4").replace(tmp_path / clip)
    report = convert(clip, Path(f"{name.replace('{', '(')}.out.mkv"))
    assert report.status == "done"
    assert report.output is not None
    assert inspect(report.output).pts == inspect(clip).pts


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nplain.mp4\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile plain.mp4\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    ],
)
def test_convert_of_a_playlist_in_disguise_opens_nothing_else(tmp_path: Path, content: str) -> None:
    write_clip(tmp_path / "plain.mp4")
    (tmp_path / "list.mp4").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="E302"):
        convert(tmp_path / "list.mp4", tmp_path / "b.mp4")
