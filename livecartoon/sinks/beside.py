"""All of a new file but its pictures: what is carried over, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import av.video.stream
from av.stream import Disposition

from livecartoon.sinks.carrier import Carried, CarryRules


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes into a file beside its pictures; the caller closes `rest`."""

    rest: Carried | None = None
    """The source's other streams, carried over packet by packet."""
    rules: CarryRules = field(default_factory=CarryRules)
    tags: dict[str, str] = field(default_factory=dict)
    video_tags: dict[str, str] = field(default_factory=dict)
    video_disposition: Disposition | None = None
    display_matrix: tuple[int, ...] | None = None
    """How players are to turn the picture, nine numbers as stored; None = not at all."""

    @property
    def has_native_tags(self) -> bool:
        """Whether there are tags with names of a vendor's own, as phones write them in mov."""
        return any(key.startswith("com.") for key in self.tags)

    def describe(self, stream: av.video.stream.VideoStream) -> None:
        """Say of the picture track what is to be said; before the file is started."""
        stream.metadata.clear()
        stream.metadata.update(self.video_tags)
        if self.video_disposition is not None:
            stream.disposition = self.video_disposition
        if self.display_matrix is not None:
            stream.set_display_matrix(self.display_matrix)
