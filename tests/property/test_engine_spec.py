from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from livecartoon.backends.base import EngineSpec
from livecartoon.models.overlay import Overlay

BASE = EngineSpec(Path("a.safetensors"), "00", 640, 360)
OTHER: dict[str, Any] = {
    "weights_sha256": "01",
    "width": 641,
    "height": 361,
    "reduction": 2,
    "layers": ("vivid",),
    "precision": "fp16",
    "threads": 1,
    "overlay": Overlay(ink=(("tint", 0.5),)),
}


@pytest.mark.parametrize("name", sorted(OTHER))
def test_key_when_a_field_changes_then_changes(name: str) -> None:
    assert replace(BASE, **{name: OTHER[name]}).key() != BASE.key()


def test_key_then_every_field_but_the_path_is_covered() -> None:
    assert {field.name for field in fields(EngineSpec)} == {"weights", *OTHER}


def test_key_when_the_file_moves_then_stays() -> None:
    assert replace(BASE, weights=Path("b.safetensors")).key() == BASE.key()


def test_key_when_the_machine_differs_then_changes() -> None:
    assert BASE.key("openvino", "2026.4") != BASE.key("openvino", "2026.5")
