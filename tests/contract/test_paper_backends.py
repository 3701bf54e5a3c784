"""Every generator of the papers, as its tiny twin, through every backend."""

from pathlib import Path

import numpy as np
import pytest

from livecartoon.backends import BACKENDS, open_backend, probe
from livecartoon.backends.base import EngineSpec
from livecartoon.backends.onnx import export_onnx
from livecartoon.config import Look
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.models.papers import PAPERS
from tests.drawing import drawn_photo, write_paper

TINY = [name for name in PAPERS if name.endswith("-tiny")]
QUICK = ("animegan3-tiny", "pixelcyclegan-tiny", "whitebox-tiny")
TWINS = [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in TINY]
OTHERS = [name for name in BACKENDS if name != "torch"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("papers")


def spec_of(
    folder: Path, name: str, width: int, height: int, reduction: int, *layers: str
) -> EngineSpec:
    path = folder / f"{name}.safetensors"
    if not path.exists():
        write_paper(path, name)
    return EngineSpec(
        path, identity_of(read_header(path)), width, height, reduction, layers, threads=1
    )


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize("name", TWINS)
def test_paper_when_run_by_a_backend_then_agrees_with_eager_within_a_level(
    name: str, backend: str, folder: Path
) -> None:
    if reason := probe(backend):
        pytest.skip(reason)
    spec = spec_of(folder, name, 45, 33, 1, "keep_color", "strength", "vivid")
    photo, look = drawn_photo(45, 33), Look(strength=0.9, keep_color=0.2, vivid=1.5)
    reference, tested = (open_backend(kind, spec, "cpu") for kind in ("torch", backend))
    for engine in (reference, tested):
        engine.set_look(look)
    answer, wanted = tested(photo), reference(photo)
    assert answer.shape == photo.shape
    assert answer.dtype == np.uint8
    assert np.abs(answer.astype(int) - wanted).max() <= 1
    assert np.abs(wanted.astype(int) - photo).max() > 8


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "width", "height", "reduction"),
    [
        *(
            ("cartoongan-tiny", 1, 1, 1),
            ("cartoongan-tiny", 7, 40, 1),
            ("whitebox-tiny", 64, 48, 1),
        ),
        *(("cartoongan-tiny", 90, 66, 2), ("whitebox-tiny", 70, 51, 3)),
    ],
)
def test_paper_when_frames_have_any_size_then_keeps_it(
    backend: str, name: str, width: int, height: int, reduction: int, folder: Path
) -> None:
    if reason := probe(backend):
        pytest.skip(reason)
    spec = spec_of(folder, name, width, height, reduction, "strength")
    photo = drawn_photo(width, height)
    engine = open_backend(backend, spec, "cpu")
    drawn = engine(photo).copy()
    assert drawn.shape == photo.shape
    wanted = open_backend("torch", spec, "cpu")(photo)
    assert np.abs(drawn.astype(int) - wanted).max() <= 1
    engine.set_look(Look(strength=0.0))
    assert np.array_equal(engine(photo), photo)


# ONNX Runtime draws the file of every twin above; a second reader for those that differ most.
@pytest.mark.slow
@pytest.mark.parametrize("name", ["cartoongan-tiny", "demal-tiny", "pixelcyclegan-tiny"])
def test_paper_when_written_as_onnx_then_agrees_with_eager_within_a_level(
    name: str, folder: Path, tmp_path: Path
) -> None:
    import openvino

    spec = spec_of(folder, name, 50, 38, 2 if name == "cartoongan-tiny" else 1, "vivid")
    photo, path = drawn_photo(50, 38), tmp_path / "style.onnx"
    export_onnx(spec, path)
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    look = np.array([1.0, 1.0, 0.0, 1.0], np.float32)
    answer = compiled([photo[None], look])[0][0]
    reference = open_backend("torch", spec, "cpu")(photo)
    assert np.abs(answer.astype(int) - reference).max() <= 1


def clip_spec(folder: Path) -> EngineSpec:
    path = folder / "clip.safetensors"
    if not path.exists():
        write_paper(path, "cartoongan-tiny", norm="ema-inputs")
    return EngineSpec(path, identity_of(read_header(path)), 45, 33, threads=1)


def moving_frames(count: int) -> list[np.ndarray]:
    frames = [drawn_photo(45, 33) for _ in range(count)]
    for index, frame in enumerate(frames):
        frame[20:30, 3 * index : 3 * index + 12] = 255
    return frames


@pytest.mark.parametrize("backend", BACKENDS)
def test_running_statistics_when_a_clip_plays_then_follow_it_and_reset_forgets(
    backend: str, folder: Path
) -> None:
    if reason := probe(backend):
        pytest.skip(reason)
    spec, frames = clip_spec(folder), moving_frames(4)
    reference, tested = (open_backend(kind, spec, "cpu") for kind in ("torch", backend))
    first = tested(frames[0]).copy()
    drawn = [first, *(tested(frame).copy() for frame in frames[1:])]
    wanted = [reference(frame).copy() for frame in frames]
    for ours, theirs in zip(drawn, wanted, strict=True):
        assert np.abs(ours.astype(int) - theirs).max() <= 1
    tested.reset()
    alone = tested(frames[3]).copy()
    assert np.abs(alone.astype(int) - drawn[3]).max() >= 1
    tested.reset()
    assert np.array_equal(tested(frames[0]), first)


@pytest.mark.parametrize("backend", BACKENDS)
def test_running_statistics_when_exchanged_then_two_memories_do_not_see_each_other(
    backend: str, folder: Path
) -> None:
    if reason := probe(backend):
        pytest.skip(reason)
    frames = moving_frames(4)
    tested = open_backend(backend, clip_spec(folder), "cpu")
    alone = [tested(frame).copy() for frame in frames]
    tested.reset()
    late = [tested(frame).copy() for frame in frames[2:]]
    tested.reset()
    tested(frames[0])
    tested(frames[1])
    other = None
    for index in (2, 3):
        assert np.array_equal(tested(frames[index]), alone[index])
        mine = tested.exchange(other)
        assert np.array_equal(tested(frames[index]), late[index - 2])
        other = tested.exchange(mine)
    assert not np.array_equal(late[1], alone[3])


@pytest.mark.parametrize("change", ["cut", "jump"])
def test_running_statistics_when_the_scene_breaks_then_forget(change: str, folder: Path) -> None:
    backend, frame = open_backend("torch", clip_spec(folder), "cpu"), drawn_photo(45, 33)
    after = frame[::-1, ::-1].copy() if change == "cut" else frame // 2
    alone = backend(after).copy()
    backend.reset()
    backend(frame)
    assert np.array_equal(backend(after), alone)


@pytest.mark.slow
def test_running_statistics_when_written_as_onnx_then_memory_goes_in_and_out(
    folder: Path, tmp_path: Path
) -> None:
    import openvino

    spec, frames, path = clip_spec(folder), moving_frames(2), tmp_path / "style.onnx"
    export_onnx(spec, path)
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    look = np.array([1.0, 1.0, 0.0, 1.0], np.float32)
    memory = np.zeros(compiled.inputs[2].shape, np.float32)
    reference = open_backend("torch", spec, "cpu")
    for frame in frames:
        answer = compiled([frame[None], look, memory])
        memory = answer[1].copy()
        assert np.abs(answer[0][0].astype(int) - reference(frame)).max() <= 1
