"""A player for a notebook's cell, without widgets: play(toon.stream(frames))."""

import time

import cv2
from IPython.display import Image, display


def play(frames, rate=25.0):
    """Show uint8 RGB frames in one place, each at its time; what comes late is not shown."""
    place, start_s = None, time.monotonic()
    for number, frame in enumerate(frames):
        early_s = start_s + number / rate - time.monotonic()
        if early_s < -1 / rate and place is not None:
            continue
        time.sleep(max(0.0, early_s))
        picture = Image(cv2.imencode(".jpg", frame[..., ::-1])[1].tobytes())
        if place is None:
            place = display(picture, display_id=True)
        else:
            place.update(picture)
