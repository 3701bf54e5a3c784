"""`livecartoon image`: pictures."""

from __future__ import annotations

from typing import Any

import click

from livecartoon.cli.flags import FILE, command, flag
from livecartoon.cli.options import engine_options, snap_flags, style_flags
from livecartoon.cli.session import current
from livecartoon.cli.status import size_text
from livecartoon.cli.summary import WORDS, check_overwrite, close_files, failure_line, make_folder
from livecartoon.cli.values import Named
from livecartoon.escape import printable

#: What a folder is searched for.
SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
FORMATS = ("png", "jpeg", "webp", "bmp", "tiff")


@flag("--keep-going/--fail-fast", default=True, help="After a failed picture, go on.")
@flag("--format", type=Named(FORMATS), help="Format where -o does not name one.")
@flag("--quality", type=click.IntRange(1, 100), default=92, help="Of jpeg and webp.")
@flag("-n", "--skip-existing", is_flag=True, help="Skip pictures whose output exists.")
@flag("-y", "--overwrite", is_flag=True, help="Overwrite existing outputs.")
@flag("-r", "--recursive", is_flag=True, help="Descend into folders.")
@flag("-o", "--output", type=FILE, help="File, folder or template ({dir}/{stem}.{style}.{ext}).")
@snap_flags
@style_flags
@command("image")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
def image(inputs: tuple[str, ...], **values: Any) -> None:
    """Convert pictures: png, jpeg, webp, bmp, tiff, folders, globs or @list.txt.

    \b
    Examples:
      livecartoon image photo.png
      livecartoon image photo.png -s classic -o drawing.png -y
    """
    from livecartoon.jobs.image import ImageSettings, convert_images
    from livecartoon.jobs.naming import expand_inputs, known_names
    from livecartoon.jobs.report import FileReport

    session = current()
    check_overwrite(values)
    output, is_recursive = values.pop("output"), values.pop("recursive")
    fail_fast = not values.pop("keep_going")
    names = ("format", "overwrite", "quality", "skip_existing")
    settings = ImageSettings(**{name: values.pop(name) for name in names})
    options = engine_options(session, values)
    styles = known_names(options.style)
    paths = expand_inputs(list(inputs), SUFFIXES, is_recursive=is_recursive, styles=styles)
    make_folder(output, len(paths))

    def on_done(number: int, report: FileReport) -> None:
        if report.error is None:
            width, height = report.size
            size = f"{width}x{height}  {size_text(report.bytes_out)}" if width else ""
            session.say(f"{WORDS[report.status]} {printable(str(report.output))}  {size}".rstrip())
        elif len(paths) > 1:
            session.complain(failure_line(report))

    reports = convert_images(
        paths,
        output,
        options,
        settings,
        fail_fast=fail_fast,
        on_warning=session.warn,
        on_done=on_done,
    )
    close_files(session, reports)
