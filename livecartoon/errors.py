"""Every way a run can end badly, with its exit code and its remedy.

LivecartoonError
├── UsageError      2   the command line or the configuration
├── InputError      3   the source file or picture
├── OutputError     4   the target file or its encoder
├── EngineError     5   device, backend, compilation, self-test
├── ModelError      6   weights file, header, shapes
├── PartialError    7   finished, but not all is good
└── DeviceError     8   camera, window, live sink
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CODES",
    "DeviceError",
    "EngineError",
    "InputError",
    "LivecartoonError",
    "ModelError",
    "OutputError",
    "PartialError",
    "UsageError",
]

#: E-code -> what it stands for; `docs/errors.md` is generated from this table.
CODES: dict[str, str] = {
    "E100": "unexpected error, a bug of ours",
    "E201": "unknown style, device or value",
    "E202": "contradictory options",
    "E203": "empty range",
    "E204": "no sink to show or write the picture",
    "E205": "output equals input",
    "E206": "bad configuration key",
    "E301": "input not found",
    "E302": "input is not media or cannot be decoded",
    "E303": "no video stream",
    "E304": "input exceeds the limits",
    "E305": "HDR input refused",
    "E306": "decoding failed part-way",
    "E307": "standard input is empty",
    "E401": "output exists",
    "E402": "output folder missing or not writable",
    "E403": "disk full",
    "E404": "container cannot hold the codec",
    "E405": "encoder unavailable or options refused",
    "E406": "another run holds this output",
    "E501": "no such compute device",
    "E502": "driver too old",
    "E503": "backend or cluster library not installed",
    "E504": "engine build failed",
    "E505": "self-test failed for the forced precision",
    "E506": "out of memory",
    "E507": "device lost",
    "E508": "doctor or cache verify found a failure",
    "E509": "cluster cannot be used",
    "E510": "workers of the cluster were lost",
    "E601": "weights file missing",
    "E602": "weights file is not safetensors or is corrupt",
    "E603": "weights header absent or newer than this program",
    "E604": "architecture or shapes differ",
    "E605": "hash differs",
    "E606": "training diverged",
    "E607": "colour table missing or not a .cube",
    "E701": "finished, but not all good",
    "E801": "no camera",
    "E802": "camera busy",
    "E803": "no permission for the camera",
    "E804": "camera lost",
    "E805": "no loopback device",
    "E806": "the last live sink failed",
    "E807": "no window support",
}


class LivecartoonError(Exception):
    """A failure with a stable code, one line of text and what to try next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, *remedies: str) -> None:
        super().__init__(message)
        assert code in CODES, code
        self.code = code
        self.message = message
        self.remedies = remedies

    def __reduce__(self) -> tuple[type[LivecartoonError], tuple[str, ...]]:
        return type(self), (self.code, self.message, *self.remedies)

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}"


class UsageError(LivecartoonError):
    """The command line or the configuration asks for what cannot be."""

    exit_code = 2


class InputError(LivecartoonError):
    """The source cannot be read, or not to its end."""

    exit_code = 3


class OutputError(LivecartoonError):
    """The target cannot be written."""

    exit_code = 4


class EngineError(LivecartoonError):
    """No device or backend can run the style as asked."""

    exit_code = 5


class ModelError(LivecartoonError):
    """The weights are not what they should be."""

    exit_code = 6


class PartialError(LivecartoonError):
    """The run finished, but not all of it is good."""

    exit_code = 7


class DeviceError(LivecartoonError):
    """A camera, a window or a live sink failed."""

    exit_code = 8
