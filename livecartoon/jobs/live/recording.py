"""A live recording: true capture times, playable after a crash, a name of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from livecartoon.errors import OutputError
from livecartoon.frame import Frame
from livecartoon.sinks.base import Sink
from livecartoon.sources.base import VideoInfo

RECORD_OPTIONS = {"rc-lookahead": "10", "bf": "0", "g": "30"}
"""A crash loses what the encoder still looks ahead at and the open fragment: both are short.
Without B-frames a fragmented mp4 starts at time zero; with them it starts two frames late."""


class Recording(Sink):
    """A video file with true capture times, readable up to the last seconds after a crash.

    It is written as NAME.partial.SUFFIX and gets its name when it is finished.
    """

    def __init__(self, path: Path, info: VideoInfo, *, overwrite: bool) -> None:
        from livecartoon.sinks.encoder import EncoderSettings
        from livecartoon.sinks.file import FileSink

        if path.exists() and not overwrite:
            raise OutputError("E401", f"{path} exists", "-y to overwrite", "another --record FILE")
        self._path = path
        self._part = free_partial(path)
        settings = EncoderSettings(preset="superfast", crf=20, extra=RECORD_OPTIONS)
        self._file = FileSink(self._part, info, settings, is_fragmented=True)
        self._first_pts: int | None = None
        self._is_open = True

    def write(self, frame: Frame) -> None:
        """Encode one frame; the first one is at time zero."""
        if self._first_pts is None:
            self._first_pts = frame.pts
        self._file.write(replace(frame, pts=frame.pts - self._first_pts))

    def close(self) -> None:
        """Finish the file and give it its name; a recording without a frame leaves nothing."""
        if not self._is_open:
            return
        self._is_open = False
        self._file.close()
        if self._first_pts is None:
            self._part.unlink(missing_ok=True)
        else:
            self._part.replace(self._path)

    def abort(self) -> None:
        """Keep what is playable under the partial name."""
        self._is_open = False
        self._file.abort()


def free_partial(path: Path) -> Path:
    """Return a name to write to beside `path` that holds nothing: a crash may have left one."""
    part = path.with_name(f"{path.stem}.partial{path.suffix}")
    number = 2
    while part.exists():
        part = path.with_name(f"{path.stem}.partial-{number}{path.suffix}")
        number += 1
    return part


def next_recording(wanted: Path | None) -> Path:
    """Return a free name for a recording begun by key: beside `wanted`, else dated and ours."""
    if wanted is None:
        stamp = f"livecartoon-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
        wanted = videos_folder() / f"{stamp}.mkv"
    path, number = wanted, 2
    while path.exists():
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        number += 1
    return path


def videos_folder() -> Path:
    """Return the user's folder for videos, else the current one."""
    import platformdirs

    videos = platformdirs.user_videos_path()
    return videos if videos.is_dir() else Path.cwd()
