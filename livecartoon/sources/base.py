"""What every source of frames promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Literal, Self

from livecartoon.frame import Frame


@dataclass(frozen=True, slots=True)
class Colour:
    """How the source's YCbCr planes are meant; the file sink writes the same again."""

    matrix: Literal["bt601", "bt709", "bt2020"] = "bt709"
    is_full_range: bool = False
    primaries: int = 1
    """ITU-T H.273 code point."""
    transfer: int = 1
    """ITU-T H.273 code point."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is known of a source before its first frame; sizes are upright (rotation applied)."""

    width: int
    height: int
    time_base: Fraction
    rate: Fraction | None = None
    """Nominal frames per second; never used to compute times."""
    frames: int | None = None
    """Frame count stated by the container, None if it does not say."""
    duration_s: float | None = None
    sample_aspect_ratio: Fraction | None = None
    colour: Colour = Colour()
    is_live: bool = False
    """Frames arrive when they want to: late ones are dropped, not waited for."""
    codec: str = ""
    warnings: tuple[str, ...] = ()
    """What the source holds that is not carried over, one sentence each."""


class Source(ABC):
    """Frames in order of presentation; a context manager, `close` twice is harmless."""

    info: VideoInfo

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the end; raises InputError or DeviceError."""

    def close(self) -> None:  # noqa: B027  sources without resources need none
        """Release files and devices."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
