"""Which source a `--camera` text means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from livecartoon.errors import InputError
from livecartoon.jobs.live.settings import LiveSettings
from livecartoon.jobs.naming import VIDEO_SUFFIXES
from livecartoon.sources.base import Source
from livecartoon.sources.paced import PacedSource
from livecartoon.sources.pattern import PatternSource


@dataclass(frozen=True, slots=True)
class LiveCamera:
    """An open live source and what to call it."""

    source: Source
    name: str
    id: str
    format: str
    asked_rate: Fraction
    is_physical: bool = False

    def stop(self) -> None:
        """End the iteration soon, from any thread."""
        if stop := getattr(self.source, "stop", None):
            stop()

    @property
    def reconnects(self) -> int:
        """How often it came back after a loss."""
        return int(getattr(self.source, "reconnects", 0))


def open_camera(settings: LiveSettings, on_state: Callable[[str], None]) -> LiveCamera:
    """Open the camera, test card, video file or stream that `settings.camera` names.

    `on_state` hears of a camera that is lost, and "" when it is back. Raises DeviceError,
    InputError, UsageError.
    """
    text = settings.camera
    if settings.source is not None:
        given = settings.source
        return LiveCamera(given, text, text, given.info.codec, settings.rate)
    if text.startswith("pattern:"):
        card = PatternSource.parse(
            text, settings.width, settings.height, settings.rate, is_live=True
        )
        return LiveCamera(card, "test card", text, "pattern", card.info.rate or settings.rate)
    if text.startswith("screen:"):
        from livecartoon.sources.screen import ScreenSource

        screen = ScreenSource(text, settings.rate)
        return LiveCamera(screen, "screen", text, "screen", settings.rate)
    path = Path(text)
    if text and path.is_file():
        return _open_file(path, settings)
    if is_file_name(text):
        raise InputError("E301", f"no such file: {text}", "check the path", "livecartoon devices")
    from livecartoon.sources.camera import CameraSource, CameraWish

    wish = CameraWish(settings.width, settings.height, settings.rate, settings.input_format)
    source = CameraSource(text, wish, reconnect_s=settings.reconnect_s, on_state=on_state)
    info = source.camera
    return LiveCamera(source, info.name, info.id, source.format, settings.rate, bool(info.driver))


def is_file_name(text: str) -> bool:
    """Whether a camera that is not there was meant as a film: by its suffix, or as a path."""
    if "://" in text or text.startswith("/dev/") or Path(text).exists():
        return False
    is_path = text.startswith(("./", "../", "/", "~")) or "\\" in text
    return is_path or Path(text).suffix.lower() in VIDEO_SUFFIXES


def _open_file(path: Path, settings: LiveSettings) -> LiveCamera:
    from livecartoon.sources.file import FileSource

    source = PacedSource(lambda: FileSource(path), is_looped=settings.is_looped)
    rate = source.info.rate or settings.rate
    return LiveCamera(source, path.name, str(path), source.info.codec, rate)
