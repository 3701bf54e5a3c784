"""What the tests of the command line share."""

import pytest

from livecartoon.cli import LazyGroup
from livecartoon.cli.flags import command, flag
from livecartoon.cli.session import current
from livecartoon.cli.values import Named


@pytest.fixture
def probe(monkeypatch):
    """A command that reports what it was given, in place of `doctor`."""
    seen = {}

    @flag("--tier", type=Named(["auto", "small"]), default="auto")
    @flag("--ink", type=float, default=1.0)
    @flag("--bars/--no-bars", default=True)
    @flag("--word", "words", multiple=True)
    @command("doctor")
    def doctor(**values):
        session = current()
        seen.update(values, session=session)
        if "fail" in seen:
            raise seen["fail"]
        session.finish(checks=[])

    own = LazyGroup.get_command
    monkeypatch.setattr(
        LazyGroup,
        "get_command",
        lambda self, ctx, name: doctor if name == "doctor" else own(self, ctx, name),
    )
    return seen
