"""Writes docs/errors.md from the table in livecartoon/errors.py: python docs/make_errors.py."""

from __future__ import annotations

from pathlib import Path

from livecartoon.errors import CODES

TARGET = Path(__file__).with_name("errors.md")
EXITS = {
    "1": ("1", "our bug"),
    "2": ("2", "the command line or the configuration"),
    "3": ("3", "the input"),
    "4": ("4", "the output"),
    "5": ("5", "the device or the engine"),
    "6": ("6", "the weights"),
    "7": ("7", "finished, but not all good"),
    "8": ("8", "the camera, the window or a live sink"),
}
HEAD = """# Errors

Generated from `livecartoon/errors.py` by `python docs/make_errors.py`; do not edit.

An error is one line on stderr, followed by what to try:

    livecartoon: error[E201]: no style named "shinkay"
      did you mean: shinkai
      try: livecartoon styles list

The first digit of the code is the exit code of the process. Besides these, 0 means done and
verified, 130 stopped by Ctrl-C (in `cam` that is a normal end, 0) and 143 stopped by SIGTERM.
With `--json` the same appears as the field `error` of the document. A traceback is shown only
with `-vv`; for our own bugs (E100) it is saved to a file whose path is printed.

| Code | Exit | Meaning | About |
|---|---|---|---|
"""


def render() -> str:
    """Return the page."""
    rows = []
    for code, meaning in sorted(CODES.items()):
        exit_code, about = EXITS[code[1]]
        rows.append(f"| {code} | {exit_code} | {meaning} | {about} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
