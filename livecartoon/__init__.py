"""Real-time video cartoonizer: live camera, files and pictures, with or without a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livecartoon.api.cameras import Camera, open_camera
    from livecartoon.api.cartoonizer import Cartoonizer
    from livecartoon.api.converting import convert
    from livecartoon.api.engines import Engine, bench, optimize
    from livecartoon.styles import list_styles

__version__ = "0.1.0"
__all__ = [
    "Camera",
    "Cartoonizer",
    "Engine",
    "__version__",
    "bench",
    "convert",
    "list_styles",
    "open_camera",
    "optimize",
]

#: Public name -> module; imported on first use, for some of them cost seconds.
_HOMES = {
    "Camera": "livecartoon.api.cameras",
    "Cartoonizer": "livecartoon.api.cartoonizer",
    "Engine": "livecartoon.api.engines",
    "bench": "livecartoon.api.engines",
    "convert": "livecartoon.api.converting",
    "open_camera": "livecartoon.api.cameras",
    "optimize": "livecartoon.api.engines",
    "list_styles": "livecartoon.styles",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names without importing them."""
    return sorted(__all__)
