"""Self-contained files of a style for other programs: uint8 in, uint8 out, and a contract."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livecartoon.backends.base import GRAPH_VERSION, Build, EnginePrecision, EngineSpec
from livecartoon.config import EngineOptions
from livecartoon.errors import OutputError
from livecartoon.models.layers import LIVE_LAYERS
from livecartoon.styles import Style, short_name
from livecartoon.wanted import engine_spec

SUFFIXES = {"onnx": ".onnx", "openvino": ".xml", "rtx": ".engine"}
CONTRACT = "livecartoon-export/1"
SLIDERS = (
    ("ink", 1.0, 0.0, 2.0),
    ("strength", 1.0, 0.0, 1.0),
    ("keep_color", 0.0, 0.0, 1.0),
    ("vivid", 1.0, 0.0, 2.0),
)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    files: tuple[Path, ...]
    """The network first, its contract last."""
    contract: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the entry `exported` of the JSON document."""
        return {"files": [str(path) for path in self.files], "contract": self.contract}


def export_style(
    kind: str,
    style: Style,
    options: EngineOptions,
    size: tuple[int, int],
    output: Path | None = None,
) -> Exported:
    """Write a style for frames of `size` (width, height) with all its sliders built in.

    `kind`: "onnx", "openvino" (an .xml with its .bin beside it) or "rtx". Beside it lies a
    .json that says how it is called. Raises EngineError, ModelError, OutputError.
    """
    spec, tier = engine_spec(style, *size, options, "cpu")
    precision: EnginePrecision = "fp16" if kind == "rtx" and options.precision != "fp32" else "fp32"
    spec = replace(spec, layers=LIVE_LAYERS, threads=0, precision=precision)
    name = f"{short_name(style.name)}-{tier}-{size[0]}x{size[1]}{SUFFIXES[kind]}"
    path = output or Path(name)
    if path.suffix != SUFFIXES[kind]:
        path = path.with_name(path.name + SUFFIXES[kind])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made, own = _write(kind, spec, path)
        contract = _contract(kind, spec, style, tier, made) | own
        text = json.dumps(contract, indent=2) + "\n"
        beside = path.with_suffix(".json")
        beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            "E402", f"{path} cannot be written ({error.strerror})", "-o another file"
        ) from error
    return Exported((*made, beside), contract)


def _write(kind: str, spec: EngineSpec, path: Path) -> tuple[tuple[Path, ...], dict[str, Any]]:
    """Write the file; also what only its kind has to say in the contract."""
    if kind == "onnx":
        from livecartoon.backends.onnx import OPSET, export_onnx

        export_onnx(spec, path)
        return (path,), {"opset": OPSET}
    if kind == "openvino":
        from livecartoon.backends.openvino import export_ir

        export_ir(spec, path)
        return (path, path.with_suffix(".bin")), {}
    from livecartoon.backends.rtx_builder import build_for_all

    partial = path.with_name(path.name + ".partial")
    blob, sms = build_for_all(spec, Build())
    partial.write_bytes(blob)
    partial.replace(path)
    return (path,), {"compute_capabilities": list(sms)}


def _contract(
    kind: str, spec: EngineSpec, style: Style, tier: str, files: tuple[Path, ...]
) -> dict[str, Any]:
    """How to call the file, in words and numbers that need no other document."""
    shape = [1, spec.height, spec.width, 3]
    picture = {
        "dtype": "uint8",
        "shape": shape,
        "layout": "NHWC",
        "colour": "RGB, full range, sRGB",
    }
    float_type = "float16" if spec.precision == "fp16" else "float32"
    sliders = [
        {"name": name, "identity": identity, "least": least, "most": most}
        for name, identity, least, most in SLIDERS
    ]
    contract: dict[str, Any] = {
        "contract": CONTRACT,
        "kind": kind,
        "style": style.name,
        "tier": tier,
        "licence": style.licence,
        "weights_sha256": spec.drawing,
        "graph_version": GRAPH_VERSION,
        "precision": spec.precision,
        "network_size": [-(-spec.width // spec.reduction), -(-spec.height // spec.reduction)],
        "inputs": [
            {"name": "frame"} | picture,
            {"name": "look", "dtype": float_type, "shape": [4], "values": sliders},
        ],
        "outputs": [{"name": "cartoon"} | picture],
        "state": "none: every frame is drawn by itself, calm flicker outside",
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }
    return contract
