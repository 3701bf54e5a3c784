from pathlib import Path

import numpy as np
import pytest

from livecartoon.backends import open_backend
from livecartoon.backends.base import EngineSpec
from livecartoon.backends.onnx import export_onnx
from livecartoon.models.checkpoint import identity_of, read_header
from tests.drawing import drawn_photo, write_student

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("width", "height", "reduction"), [(64, 48, 1), (90, 66, 2)])
@pytest.mark.parametrize("has_weights", [True, False])
def test_onnx_file_then_agrees_with_eager_within_a_level(
    width: int, height: int, reduction: int, has_weights: bool, tmp_path: Path
) -> None:
    import openvino

    weights = write_student(tmp_path / "s.safetensors") if has_weights else None
    sha256 = identity_of(read_header(weights)) if weights else "classic-3"
    spec = EngineSpec(weights, sha256, width, height, reduction, ("strength", "vivid"))
    photo = drawn_photo(width, height)
    path = tmp_path / "style.onnx"
    export_onnx(spec, path)
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    look = np.array([1.0, 1.0, 0.0, 1.0], np.float32)
    answer = compiled([photo[None], look])[0][0]
    reference = open_backend("torch", spec, "cpu")(photo)
    assert np.abs(answer.astype(int) - reference).max() <= 1
