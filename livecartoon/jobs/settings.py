"""What `livecartoon convert` was told beside look and engine."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Literal

from livecartoon.config import check_choices
from livecartoon.errors import UsageError
from livecartoon.sinks.carrier import AudioChoice
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.size import SizeRule

CompareName = Literal["none", "h", "v", "wipe"]
#: What may differ between a run and the one that goes on with its pieces.
FREE = {
    "audio", "chapters", "metadata", "subs",  # carried over at the end, from the source
    "dry_run", "jobs", "overwrite", "resume", "skip_existing",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConvertSettings:
    """The flags of `livecartoon convert` that are not about look or engine."""

    codec: str = "auto"
    crf: int | None = None
    bitrate: int | None = None
    """Bits per second instead of a quality."""
    preset: str = "medium"
    pix_fmt: str | None = None
    """None = yuv420p, or what the encoder asks for."""
    encoder_options: tuple[tuple[str, str], ...] = ()
    audio: AudioChoice = "copy"
    subs: Literal["copy", "none"] = "copy"
    overwrite: bool = False
    skip_existing: bool = False
    on_error: Literal["abort", "repeat"] = "abort"
    hdr: Literal["tonemap", "refuse"] = "tonemap"
    deinterlace: bool = True
    metadata: bool = True
    chapters: bool = True
    ss: Fraction | None = None
    """Begin there, seconds as players show them."""
    to: Fraction | None = None
    duration: Fraction | None = None
    """Length of the part, instead of `to`."""
    size: SizeRule | None = None
    fps: Fraction | None = None
    compare: CompareName = "none"
    decode: Literal["cpu", "cuda"] = "cpu"
    resume: bool = True
    segment_s: Fraction = Fraction(20)
    jobs: int = 1
    """Pieces worked on side by side."""
    dry_run: bool = False

    def __post_init__(self) -> None:
        check_choices(self)
        if self.to is not None and self.duration is not None:
            raise UsageError("E202", "--to and -t exclude each other", "give one of them")
        if self.crf is not None and self.bitrate is not None:
            raise UsageError("E202", "--crf and --bitrate exclude each other", "give one of them")
        if self.to is not None and self.to <= (self.ss or 0):
            raise UsageError("E203", "--to is not after --ss: nothing is left", "a later --to")
        if self.duration is not None and self.duration <= 0:
            raise UsageError("E203", "-t 0 leaves nothing", "a longer -t")
        if self.segment_s <= 0:
            raise UsageError("E201", "--segment must be longer than 0", "--segment 20s")

    def encoder(self) -> EncoderSettings:
        """Return what the sink needs of this; UsageError for bad values."""
        return EncoderSettings(
            self.codec,
            self.crf,
            self.preset,
            self.pix_fmt,
            dict(self.encoder_options),
            bitrate=self.bitrate,
        )

    @property
    def end_s(self) -> Fraction | None:
        """Where the part ends, seconds as players show them."""
        if self.duration is not None:
            return (self.ss or 0) + self.duration
        return self.to

    def identity(self) -> dict[str, Any]:
        """Return what has to be the same for a run to go on with another's pieces."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in FREE}
        return {name: value if _is_plain(value) else str(value) for name, value in found.items()}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)
