"""Files for other programs: what they draw, and what their contract says."""

import hashlib
import json

import numpy as np
import pytest

from livecartoon.backends import open_backend
from livecartoon.backends.base import EngineSpec
from livecartoon.config import EngineOptions, Look
from livecartoon.jobs.export import export_style
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.models.layers import LIVE_LAYERS
from livecartoon.styles import find_style
from tests.drawing import drawn_photo, write_student

pytestmark = pytest.mark.slow
LOOKS = [Look(), Look(strength=0.4, keep_color=0.3, ink=0.2, vivid=1.6)]


@pytest.fixture
def style(tmp_path):
    return find_style(str(write_student(tmp_path / "drawn.safetensors")))


def reference(style, look: Look, photo):
    path = next(iter(style.files.values()))
    spec = EngineSpec(path, identity_of(read_header(path)), 90, 66, 1, LIVE_LAYERS)
    backend = open_backend("torch", spec, "cpu")
    backend.set_look(look)
    return backend(photo).astype(int)


def values(look: Look):
    return np.array([look.ink, look.strength, look.keep_color, look.vivid], np.float32)


def exported(kind, style, tmp_path):
    options = EngineOptions(style=style.name, infer_size="source")
    made = export_style(kind, style, options, (90, 66), tmp_path / "out" / "style")
    contract = json.loads(made.files[-1].read_text(encoding="utf-8"))
    for path in made.files[:-1]:
        assert contract["files"][path.name] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [x["shape"] for x in contract["inputs"]] == [[1, 66, 90, 3], [4]]
    assert [v["name"] for v in contract["inputs"][1]["values"]] == [
        *("ink", "strength", "keep_color", "vivid")
    ]
    return made.files[0], contract


def test_onnx_when_run_by_onnx_runtime_then_equals_ours_with_every_slider(style, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="pip install livecartoon[ort]")
    path, contract = exported("onnx", style, tmp_path)
    session = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == [i["name"] for i in contract["inputs"]]
    photo = drawn_photo(90, 66)
    for look in LOOKS:
        (drawn,) = session.run(["cartoon"], {"frame": photo[None], "look": values(look)})
        assert drawn.dtype == np.uint8
        assert np.abs(drawn[0].astype(int) - reference(style, look, photo)).max() <= 1


def test_openvino_ir_when_read_back_then_equals_ours_with_every_slider(style, tmp_path):
    openvino = pytest.importorskip("openvino")
    path, _ = exported("openvino", style, tmp_path)
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    photo = drawn_photo(90, 66)
    for look in LOOKS:
        drawn = compiled({"frame": photo[None], "look": values(look)})["cartoon"][0]
        assert np.abs(drawn.astype(int) - reference(style, look, photo)).max() <= 1


def test_rtx_when_exported_then_the_contract_names_its_cards(style, tmp_path):
    from livecartoon.backends.rtx_builder import SMS, library
    from livecartoon.errors import EngineError

    try:
        library()
    except EngineError as error:
        pytest.skip(error.message)
    path, contract = exported("rtx", style, tmp_path)
    assert contract["compute_capabilities"] == list(SMS)
    assert contract["precision"] == "fp16"
    assert path.stat().st_size > 20_000
