"""`python -m livecartoon` is the command `livecartoon`."""

from livecartoon.cli import entry

entry()
