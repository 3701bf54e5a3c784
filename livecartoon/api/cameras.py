"""Cameras for library users: always the newest frame, never a queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from livecartoon.api.typed import Size, pixels_of
from livecartoon.closing import Closing
from livecartoon.frame import Frame, Pixels
from livecartoon.jobs.live.cameras import LiveCamera
from livecartoon.jobs.live.cameras import open_camera as open_live_camera
from livecartoon.jobs.live.settings import LiveSettings
from livecartoon.slot import Slot, SlotClosed

LONGEST_WAIT_S = 1.0
"""Between looks at whether the camera was closed meanwhile."""
JOIN_S = 2.0


class Camera(Closing):
    """Frames of an open camera as uint8 RGB (H, W, 3), the newest each time.

    A thread empties the device, so a slow loop gets fewer pictures and never old ones. Iterating
    ends with the source or after `close`, and raises DeviceError when the camera stays away.
    """

    def __init__(self, opened: LiveCamera) -> None:
        """Take over an open source; `open_camera` makes one."""
        self._camera = opened
        self._newest: Slot[Frame] = Slot()
        self._thread = threading.Thread(target=self._capture, name="capture", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """What the system calls it."""
        return self._camera.name

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its pictures."""
        return self._camera.source.info.width, self._camera.source.info.height

    @property
    def rate(self) -> Fraction:
        """Frames per second that it states, else those asked for."""
        return self._camera.source.info.rate or self._camera.asked_rate

    @property
    def dropped(self) -> int:
        """Frames that came while the loop was busy."""
        return self._newest.dropped

    def __iter__(self) -> Iterator[Pixels]:
        """Yield the newest frame, each at most once; waits for the next one."""
        while True:
            try:
                frame = self._newest.get(LONGEST_WAIT_S)
            except SlotClosed:
                return
            if frame is not None:
                yield frame.pixels

    def close(self) -> None:
        """Release the device; twice is harmless."""
        self._camera.stop()
        self._newest.close()
        if self._thread is not threading.current_thread():
            self._thread.join(JOIN_S)

    def _capture(self) -> None:
        with self._newest, self._camera.source:
            for frame in self._camera.source:
                if not self._newest.put(frame):
                    return


def open_camera(
    camera: str | int = "",
    *,
    size: Size = (1280, 720),
    rate: float = 30,
    on_state: Callable[[str], None] | None = None,
    **options: Any,  # noqa: ANN401  fields of LiveSettings that are the camera's
) -> Camera:
    """Open an index, name, device path, file, address, `screen:` or `pattern:`; "" = the first.

    `size` and `rate` are wishes, the camera's own are in `size` and `rate` of the result.
    `on_state` hears why a camera is lost, and "" when it is back. `options`: `input_format`,
    `is_looped`, `reconnect_s`. Raises DeviceError, InputError, UsageError.

    >>> from itertools import islice
    >>> with open_camera("pattern:", size=(192, 108), rate=50) as camera:
    ...     pictures = list(islice(camera, 3))
    >>> camera.name, camera.size, [picture.shape for picture in pictures]
    ('test card', (192, 108), [(108, 192, 3), (108, 192, 3), (108, 192, 3)])
    """
    width, height = pixels_of(size)
    wish = {name: options.pop(name) for name in _CAMERA_FIELDS & options.keys()}
    if options:
        raise TypeError(f"open_camera() has no option {min(options)!r}")
    settings = LiveSettings(
        camera=str(camera),
        width=width,
        height=height,
        rate=Fraction(rate).limit_denominator(1001),
        show=False,
        sinks=("null",),
        **wish,
    )
    return Camera(open_live_camera(settings, on_state or (lambda _: None)))


_CAMERA_FIELDS = {"input_format", "is_looped", "reconnect_s"}
