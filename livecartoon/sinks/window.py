"""The live picture in a window of OpenCV's HighGUI."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import cv2
import numpy as np

from livecartoon.errors import DeviceError
from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.base import Sink
from livecartoon.sinks.display import display_problem
from livecartoon.sinks.lettering import draw_hud, draw_panel
from livecartoon.sinks.presenter import Scene

WITHOUT_WINDOW = (
    "livecartoon serve (shows it in a browser)",
    "--no-show --record FILE",
)
NAMED_KEYS = {
    27: "esc",
    65361: "left",  # X11
    65363: "right",
    2424832: "left",  # Windows
    2555904: "right",
    63234: "left",  # macOS
    63235: "right",
}


class WindowSink(Sink):
    """A resizable window that keeps the picture's aspect; main thread only.

    Every picture is fitted to the window here, not by HighGUI, whose back ends disagree about
    aspect; the text is drawn after that and stays sharp at any window size.
    """

    def __init__(self, title: str = "livecartoon", width: int = 1280, height: int = 720) -> None:
        check_window_support()
        self._title = title
        self._is_fullscreen = False
        self._is_open = False
        self._is_closed = False
        self._start_size = (width, height)
        self._wipe = 0.5
        self._span = (0, width)
        """First column of the picture in the window, and its width."""

    @property
    def is_closed(self) -> bool:
        """True once the user has closed the window."""
        return self._is_closed

    def write(self, frame: Frame) -> None:
        """Show the frame alone."""
        self.show(Scene(frame.pixels, frame.pixels))

    def show(self, scene: Scene) -> None:
        """Fit `scene` to the window, draw its text, show it."""
        if self._is_closed:
            return
        try:
            self._show(scene)
        except cv2.error as error:
            raise DeviceError("E807", f"the window failed: {error.err}", *WITHOUT_WINDOW) from error

    def _show(self, scene: Scene) -> None:
        if not self._is_open:
            flags = cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL
            cv2.namedWindow(self._title, flags)
            cv2.resizeWindow(self._title, *self._start_size)
            cv2.setMouseCallback(self._title, self._on_mouse)
            self._is_open = True
        if scene.is_fullscreen != self._is_fullscreen:
            self._is_fullscreen = scene.is_fullscreen
            mode = cv2.WINDOW_FULLSCREEN if scene.is_fullscreen else cv2.WINDOW_NORMAL
            cv2.setWindowProperty(self._title, cv2.WND_PROP_FULLSCREEN, mode)
        _, _, width, height = cv2.getWindowImageRect(self._title)
        if width < 2 or height < 2:
            width, height = self._start_size
        fitted_w, _ = fitted_size(scene.styled, width, height)
        self._span = ((width - fitted_w) // 2, fitted_w)
        cv2.imshow(self._title, render(replace(scene, wipe=self._wipe), width, height))

    def _on_mouse(self, event: int, x: int, y: int, flags: int, data: object = None) -> None:
        """Put the edge of the wipe where the mouse is pressed or dragged to."""
        if event == cv2.EVENT_LBUTTONDOWN or flags & cv2.EVENT_FLAG_LBUTTON:
            left, width = self._span
            self._wipe = min(1.0, max(0.0, (x - left) / width))

    def pressed(self) -> list[str]:
        """Let the window work, and return the keys pressed; notices a closed window."""
        names: list[str] = []
        if not self._is_open or self._is_closed:
            return names
        while (code := cv2.waitKeyEx(1)) != -1 and len(names) < 16:
            if key := key_name(code):
                names.append(key)
        self._is_closed = not self._is_visible()
        return names

    def _is_visible(self) -> bool:
        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:  # what Qt says when its last window is gone
            return False

    def close(self) -> None:
        """Destroy the window."""
        if self._is_open and not self._is_closed:
            with suppress(cv2.error):  # closed by the user a moment ago
                cv2.destroyWindow(self._title)
            cv2.waitKeyEx(1)
        self._is_closed = True


def check_window_support() -> None:
    """Raise DeviceError (E807) where opening a window would fail or abort the process."""
    if not cv2.currentUIFramework():
        raise DeviceError(
            "E807",
            "this OpenCV was built without windows (opencv-python-headless)",
            "pip uninstall opencv-python-headless, then pip install --force-reinstall "
            "opencv-python",
            *WITHOUT_WINDOW,
        )
    if problem := display_problem():
        raise DeviceError("E807", problem, *WITHOUT_WINDOW)


def key_name(code: int) -> str:
    """Name the key of a HighGUI code, lower case; empty for keys that mean nothing here."""
    if code in NAMED_KEYS:
        return NAMED_KEYS[code]
    character = code & 0xFF
    if code & 0xFF00 or not 32 <= character < 127:
        return ""
    return chr(character).lower()


def render(scene: Scene, width: int, height: int) -> Pixels:
    """Return the BGR picture (height, width, 3) of `scene`: fitted, centred, with its text."""
    picture = _arranged(scene, width, height)
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
    target = canvas[top : top + picture.shape[0], left : left + picture.shape[1]]
    cv2.cvtColor(picture, cv2.COLOR_RGB2BGR, dst=target)
    draw_hud(canvas, scene.hud)
    draw_panel(canvas, scene.panel)
    return canvas


def _arranged(scene: Scene, width: int, height: int) -> Pixels:
    """Compare, mirror and fit into width x height, RGB."""
    if scene.compare == "side":
        half = max(2, width // 2)
        left = _fitted(scene.source, half, height, scene.is_mirrored)
        right = _fitted(scene.styled, half, height, scene.is_mirrored)
        return np.concatenate([left, right], axis=1)
    result = scene.source if scene.is_original else scene.styled
    fitted = _fitted(result, width, height, scene.is_mirrored)
    if scene.compare == "wipe":
        middle = round(scene.wipe * fitted.shape[1])
        before = _fitted(scene.source, width, height, scene.is_mirrored)
        fitted = fitted.copy()
        fitted[:, :middle] = before[:, :middle]
        fitted[:, max(0, middle - 1) : middle + 1] = 255
    return fitted


def fitted_size(pixels: Pixels, width: int, height: int) -> tuple[int, int]:
    """Return the largest (width, height) within the given one that keeps the aspect."""
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    return max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))


def _fitted(pixels: Pixels, width: int, height: int, is_mirrored: bool) -> Pixels:
    """Scale to the largest size within width x height that keeps the aspect."""
    size = fitted_size(pixels, width, height)
    fitted = pixels
    while fitted.shape[1] >= 2 * size[0] and fitted.shape[0] >= 2 * size[1]:
        half = (fitted.shape[1] // 2, fitted.shape[0] // 2)  # exact halves are cheap, and smooth
        fitted = np.asarray(cv2.resize(fitted, half, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if size != (fitted.shape[1], fitted.shape[0]):
        fitted = np.asarray(cv2.resize(fitted, size), dtype=np.uint8)
    if is_mirrored:
        fitted = np.asarray(cv2.flip(fitted, 1), dtype=np.uint8)
    return fitted
