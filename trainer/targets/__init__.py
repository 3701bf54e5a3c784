"""Designed training targets: what a student network shall make of a photo, per style."""

from trainer.targets.folder import FolderReport, make_targets
from trainer.targets.parameters import FillParameters, HueRule, StyleParameters
from trainer.targets.pipeline import Target, make_target
from trainer.targets.styles import STYLES, find_style

__all__ = [
    "STYLES",
    "FillParameters",
    "FolderReport",
    "HueRule",
    "StyleParameters",
    "Target",
    "find_style",
    "make_target",
    "make_targets",
]
