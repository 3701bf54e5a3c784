import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

import livecartoon
from livecartoon import Cartoonizer, Engine
from livecartoon.errors import EngineError, UsageError
from livecartoon.sources.file import FileSource
from tests.drawing import ClipPlan, drawn_photo, write_clip


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.getbasetemp() / "engines-of-the-api"
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(folder))


def test_cartoonizer_of_bytes_then_same_shape_and_type_and_input_untouched() -> None:
    photo = drawn_photo(64, 48)
    before = photo.copy()
    with Cartoonizer("classic") as toon:
        drawn = toon(photo)
        assert toon.info is not None
        assert toon.info.infer_size == (64, 48)
    assert drawn.shape == photo.shape
    assert drawn.dtype == np.uint8
    assert np.array_equal(photo, before)
    assert not np.array_equal(drawn, photo)


def test_cartoonizer_of_floats_then_floats_of_the_same_picture() -> None:
    photo = drawn_photo(64, 48)
    with Cartoonizer("classic") as toon:
        from_bytes = toon(photo)
        from_floats = toon(photo.astype(np.float32) / 255)
    assert from_floats.dtype == np.float32
    assert np.abs(from_floats * 255 - from_bytes).max() < 0.01


def test_cartoonizer_of_bgr_then_colours_keep_their_order() -> None:
    photo = drawn_photo(64, 48)
    with Cartoonizer("classic") as rgb, Cartoonizer("classic", color="bgr") as bgr:
        assert np.array_equal(bgr(photo[..., ::-1])[..., ::-1], rgb(photo))


def test_cartoonizer_without_memory_then_calls_do_not_depend_on_each_other() -> None:
    first, second = drawn_photo(64, 48), drawn_photo(64, 48)[:, ::-1].copy()
    with Cartoonizer("classic") as toon:
        alone = toon(second)
        toon(first)
        assert np.array_equal(toon(second), alone)
        assert np.array_equal(toon.batch([first, second])[1], alone)


def test_stream_of_a_noisy_still_then_steadier_than_single_pictures() -> None:
    rng = np.random.default_rng(0)
    clean = drawn_photo(64, 48).astype(float)
    noisy = [np.clip(clean + rng.normal(0, 5, clean.shape), 0, 255).astype(np.uint8)
             for _ in range(12)]  # fmt: skip

    def flicker(frames: list[np.ndarray]) -> float:
        pairs = zip(frames[8:], frames[7:], strict=False)
        return float(np.mean([np.abs(a.astype(int) - b).mean() for a, b in pairs]))

    with Cartoonizer("classic") as toon:
        assert flicker(list(toon.stream(noisy))) < 0.7 * flicker(toon.batch(noisy))


def test_cartoonizer_of_no_strength_then_returns_the_picture() -> None:
    photo = drawn_photo(64, 48)
    with Cartoonizer("classic", strength=0.0) as toon:
        assert np.array_equal(toon(photo), photo)


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 4), (0, 64, 3)])
def test_cartoonizer_of_another_shape_then_names_it(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=str(shape[0])):
        Cartoonizer("classic")(np.zeros(shape, np.uint8))


def test_cartoonizer_of_another_type_then_names_it() -> None:
    with pytest.raises(ValueError, match="float64"):
        Cartoonizer("classic")(np.zeros((8, 8, 3)))


def test_cartoonizer_of_an_unknown_style_then_suggests() -> None:
    with pytest.raises(UsageError) as caught:
        Cartoonizer("shinkay")
    assert "shinkai" in caught.value.remedies[0]


def test_convert_from_python_then_reports(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    write_clip(source, ClipPlan())
    report = livecartoon.convert(source, tmp_path / "out.mp4", style="classic", crf=30)
    assert report.status == "done"
    assert report.frames_in == report.frames_out
    assert (tmp_path / "out.mp4").exists()


def test_cartoonizer_of_tensors_then_tensors_of_the_same_picture() -> None:
    photo = drawn_photo(64, 48)
    levels = torch.from_numpy(photo)
    half = levels.permute(2, 0, 1).to(torch.float16) / 255
    with Cartoonizer("classic") as toon:
        drawn = torch.from_numpy(toon(photo))
        assert torch.equal(toon(levels), drawn)
        of_half = toon(half)
    assert of_half.dtype == torch.float16
    assert of_half.shape == (3, 48, 64)
    assert (of_half.permute(1, 2, 0) * 255 - drawn).abs().max() < 0.2
    assert torch.equal(levels, torch.from_numpy(photo))


@pytest.mark.parametrize(
    "tensor",
    [torch.zeros(3, 8, 9, dtype=torch.uint8), torch.zeros(8, 9, 3), torch.zeros(1, 3, 8, 9)],
)
def test_cartoonizer_of_a_tensor_in_another_layout_then_names_it(tensor: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="8, 9"):
        Cartoonizer("classic")(tensor)


def test_camera_when_the_loop_is_slow_then_drops_the_old_frames() -> None:
    with livecartoon.open_camera("pattern:", size="320x180", rate=100) as camera:
        frames = iter(camera)
        next(frames)
        time.sleep(0.3)
        assert next(frames).shape == (180, 320, 3)
        assert camera.dropped > 10
    assert list(camera) == []
    assert "capture" not in {thread.name for thread in threading.enumerate()}


def test_camera_of_a_film_then_ends_with_it(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "in.mp4", ClipPlan(frames=6))
    with livecartoon.open_camera(str(clip)) as camera:
        pictures = list(camera)
    assert 1 <= len(pictures) <= 6
    assert pictures[0].shape == (camera.size[1], camera.size[0], 3)


def test_camera_of_an_unknown_option_then_says_so() -> None:
    with pytest.raises(TypeError, match="colour"):
        livecartoon.open_camera("pattern:", colour="red")


def test_engine_then_draws_what_a_cartoonizer_draws() -> None:
    photo = drawn_photo(64, 48)
    with Cartoonizer("classic", ink=0.5) as toon, Engine("classic", size="64x48") as engine:
        engine.look = replace(engine.look, ink=0.5)
        first = engine(photo)
        assert np.array_equal(engine(photo), toon(photo))
        assert np.array_equal(engine(photo), first)
        with pytest.raises(EngineError):
            engine(drawn_photo(32, 48))


def test_public_names_then_are_all_there() -> None:
    assert {name for name in livecartoon.__all__ if not hasattr(livecartoon, name)} == set()


def test_cartoonizer_of_nan_or_an_unknown_order_then_value_error() -> None:
    with pytest.raises(ValueError, match="NaN"):
        Cartoonizer("classic")(np.full((8, 8, 3), np.nan, np.float32))
    with pytest.raises(ValueError, match="BGR"):
        Cartoonizer("classic", color="BGR")  # type: ignore[arg-type]  # that is the point


def test_strength_when_assigned_then_moves_the_slider() -> None:
    photo = drawn_photo(64, 48)
    with Cartoonizer("classic") as toon:
        assert not np.array_equal(toon(photo), photo)
        toon.strength = 0.0
        assert np.array_equal(toon(photo), photo)


def test_stream_when_another_runs_then_runtime_error_until_that_has_ended() -> None:
    photos = [drawn_photo(64, 48)] * 2
    with Cartoonizer("classic") as toon:
        first = toon.stream(photos)
        next(first)
        with pytest.raises(RuntimeError, match="stream"):
            next(toon.stream(photos))
        first.close()
        assert len(list(toon.stream(photos))) == 2


def test_cartoonizer_of_a_style_with_sliders_of_its_own_then_starts_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECARTOON_STYLES", str(tmp_path))
    text = '[styles.pale]\nbase = "shinkai"\nstrength = 0.25\ntemporal = { strength = 0.9 }\n'
    (tmp_path / "styles.toml").write_text(text, encoding="utf-8")
    assert Cartoonizer("pale").strength == 0.25
    assert Cartoonizer("pale", strength=0.5).strength == 0.5


@pytest.mark.parametrize(
    ("given", "fps"), [(29.97, "30000/1001"), ("29.97", "30000/1001"), (12, "12"), (12.5, "25/2")]
)
def test_convert_when_given_a_rate_then_reads_it_as_the_command_does(
    tmp_path: Path, given: object, fps: str
) -> None:
    clip = write_clip(tmp_path / "in.mp4", ClipPlan(frames=30))
    out = tmp_path / "out.mp4"
    livecartoon.convert(clip, out, style="classic", fps=given, size=(32, 24), crf=40)
    with FileSource(out) as made:
        assert (made.info.width, made.info.height) == (32, 24)
        first, second, *_ = (frame.pts * frame.time_base for frame in made)
    assert second - first == 1 / Fraction(fps)


@pytest.mark.parametrize(
    "wrong",
    [{"fps": 0}, {"fps": "fast"}, {"size": "big"}, {"compare": "horizontal"}, {"audio": "flac"},
     {"hdr": "refused"}, {"on_error": "Repeat"}, {"temporal": "always"}, {"precision": "fp8"}],
)  # fmt: skip
def test_convert_when_an_option_is_misspelt_then_usage_error(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    clip = write_clip(tmp_path / "in.mp4", ClipPlan(frames=6))
    with pytest.raises(UsageError):
        livecartoon.convert(clip, tmp_path / "out.mkv", style="classic", **wrong)
    assert not (tmp_path / "out.mkv").exists()
