"""The examples of the documentation and of the docstrings, run."""

import doctest
import runpy
import sys
import threading
import urllib.request
from contextlib import closing
from http.server import HTTPServer
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from livecartoon.api import cameras, cartoonizer, converting
from livecartoon.api import engines as api_engines
from livecartoon.backends import open_backend
from livecartoon.backends.base import EngineSpec
from livecartoon.config import EngineOptions, Look
from livecartoon.jobs.export import export_style
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.models.layers import LIVE_LAYERS
from livecartoon.styles import find_style
from tests.drawing import drawn_photo, write_clip

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, engines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(engines))


def example(name: str) -> dict[str, object]:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.parametrize("module", [cameras, cartoonizer, converting, api_engines])
def test_docstrings_of_the_library_when_run_then_tell_the_truth(module: ModuleType) -> None:
    write_clip(Path("holiday.mp4"))
    found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted > 2


def test_web_hook_when_sent_a_picture_then_answers_with_its_cartoon() -> None:
    hook = example("web_hook")["Hook"]
    with HTTPServer(("127.0.0.1", 0), hook) as server:  # type: ignore[arg-type]  # its handler
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            photo = drawn_photo(192, 144)
            url = f"http://127.0.0.1:{server.server_port}"
            with urllib.request.urlopen(url, cv2.imencode(".png", photo)[1].tobytes()) as answer:
                drawn = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(url, b"no picture")
        finally:
            server.shutdown()
            thread.join()
    refused.value.close()
    assert refused.value.code == 400
    assert drawn is not None
    assert drawn.shape == photo.shape
    assert not np.array_equal(drawn, photo)


def test_generator_module_when_called_then_draws_what_the_product_draws_without_lines() -> None:
    import torch

    photo = drawn_photo(96, 64)
    module = example("generator_module")["Cartoon"]()  # type: ignore[operator]  # the class
    given = torch.from_numpy(photo / np.float32(255)).permute(2, 0, 1)[None]
    drawn = (module(given)[0].permute(1, 2, 0).numpy() * 255).round()
    path = find_style("shinkai").files["small"]
    spec = EngineSpec(path, identity_of(read_header(path)), 96, 64, 1, LIVE_LAYERS)
    with closing(open_backend("torch", spec, "cpu")) as backend:
        backend.set_look(Look(ink=0.0))
        assert np.abs(backend(photo).astype(int) - drawn).max() <= 1


def test_onnx_example_when_run_then_writes_a_cartoon(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason="pip install livecartoon[ort]")
    options = EngineOptions(style="shinkai", infer_size="source")
    export_style("onnx", find_style("shinkai"), options, (96, 64), Path("style"))
    cv2.imwrite("photo.png", drawn_photo(120, 90))
    model = next(Path.cwd().glob("style*.onnx"))
    monkeypatch.setattr(sys, "argv", ["onnx_runtime.py", str(model), "photo.png", "drawing.png"])
    example("onnx_runtime")
    drawn = cv2.imread("drawing.png")
    assert drawn is not None
    assert drawn.shape == (64, 96, 3)
    assert np.ptp(drawn) > 50


def test_notebook_player_when_run_then_shows_frames_in_one_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("IPython")
    play = example("notebook_player")["play"]
    play([drawn_photo(64, 48)] * 3, rate=1000.0)  # type: ignore[operator]  # the function
    assert "Image object" in capsys.readouterr().out


def test_qt_window_when_its_timer_fires_then_shows_a_cartoon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    widgets = pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    write_clip(Path("holiday.mp4"))
    app = widgets.QApplication([])
    player = example("qt_window")["Player"]("holiday.mp4")  # type: ignore[operator]  # the class
    player.next_frame()
    assert not player.pixmap().isNull()
    player.close()
    app.quit()
