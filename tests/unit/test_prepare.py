"""From folders and films to a data folder."""

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from livecartoon.errors import InputError, OutputError, UsageError
from tests.drawing import ClipPlan, drawn_photo, write_clip
from trainer.__main__ import main
from trainer.data.decode import read_gray, read_rgb, write_png
from trainer.data.films import Sampling, sample_film
from trainer.data.manifest import file_hash
from trainer.data.prepare import PrepareSettings, prepare
from trainer.data.saliency import saliency_target
from trainer.data.smooth import smooth_edges
from trainer.data.squares import Squares
from trainer.data.unpaired import NEEDS, UnpairedLoader

ALL = Squares(64, held_out=0)
SMALL = PrepareSettings(ALL, ALL, saliency=False)
WITH_SALIENCY = PrepareSettings(ALL, ALL)


def draw_cartoon(index, width=120, height=90):
    """Flat shapes with a dark outline, another for each index."""
    rng = np.random.default_rng(index)
    cartoon = np.full((height, width, 3), rng.integers(120, 250, 3), np.uint8)
    for _ in range(4):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        radius = int(rng.integers(10, 40))
        cv2.circle(cartoon, centre, radius, rng.integers(0, 256, 3).tolist(), -1)
        cv2.circle(cartoon, centre, radius, (10, 10, 10), 2)
    return cartoon


def draw_photo(index):
    """A busy photo, another for each index."""
    noise = np.random.default_rng(100 + index).normal(0, 9, (90, 120, 3))
    rolled = np.roll(drawn_photo(120, 90), 13 * index, axis=1)
    flipped = rolled[:: -1 if index % 2 else 1]
    return np.clip(flipped + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def folders(tmp_path):
    """Two folders: 6 photos and 5 cartoons."""
    for name, count, draw in (("in_photos", 6, draw_photo), ("in_cartoons", 5, draw_cartoon)):
        (tmp_path / name).mkdir()
        for index in range(count):
            write_png(tmp_path / name / f"{index}.png", draw(index))
    return tmp_path


def run(folders, settings=SMALL, **changes):
    places = {"photos": [folders / "in_photos"], "cartoons": [folders / "in_cartoons"]} | changes
    return prepare(output=folders / "data", rights="CC0, drawn", settings=settings, **places)


def test_prepare_of_two_folders_then_the_loader_takes_the_result(folders):
    report = run(folders, WITH_SALIENCY)
    assert (report.photos.count, report.cartoons.count) == (6, 5)
    loader = UnpairedLoader(folders / "data", batch=3, crop=48, seed=0, needs=frozenset(NEEDS))
    assert loader(0).smoothed.shape == (3, 3, 48, 48)
    assert not (folders / "data.unfinished").exists()


def test_prepare_then_twins_are_those_of_their_picture(folders):
    run(folders, WITH_SALIENCY)
    for path in (folders / "data" / "cartoons").iterdir():
        picture = read_rgb(path)
        smoothed = read_rgb(folders / "data" / "smoothed" / path.name)
        assert (smoothed == smooth_edges(picture)).all()
        saliency = read_gray(folders / "data" / "saliency_cartoons" / path.name)
        assert (saliency == saliency_target(picture)).all()


def test_prepare_then_the_manifest_tells_origins_hashes_and_rights(folders):
    run(folders)
    data = folders / "data"
    manifest = json.loads((data / "manifest.json").read_text())
    assert manifest["rights"] == "CC0, drawn"
    assert manifest["photos"]["count"] == 6
    origin = manifest["cartoons"]["origins"][0]
    assert origin["sha256"] == file_hash(folders / "in_cartoons" / origin["file"])
    pictures = {p.relative_to(data).as_posix(): file_hash(p) for p in data.rglob("*.png")}
    assert manifest["sha256"] == pictures
    assert len(pictures) == 6 + 5 + 5


def test_prepare_twice_then_writes_the_same_bytes(folders):
    run(folders)
    first = json.loads((folders / "data" / "manifest.json").read_text())
    (folders / "data").rename(folders / "before")
    run(folders)
    assert json.loads((folders / "data" / "manifest.json").read_text()) == first


def test_prepare_after_a_stop_then_keeps_what_fits_and_removes_the_rest(folders):
    left = folders / "data.unfinished" / "photos"
    left.mkdir(parents=True)
    write_png(left / "0123456789abcdef_0.png", draw_photo(9))
    run(folders)
    assert len(list((folders / "data" / "photos").iterdir())) == 6


def test_prepare_with_a_share_held_out_then_training_never_sees_it(folders):
    settings = PrepareSettings(Squares(64, held_out=0.4), ALL, saliency=False)
    report = run(folders, settings)
    data = folders / "data"
    assert report.photos.held_out > 0
    assert report.photos.held_out + report.photos.count == 6
    held_out = {path.name for path in (data / "held_out" / "photos").iterdir()}
    assert len(held_out) == report.photos.held_out
    assert not held_out & {path.name for path in (data / "photos").iterdir()}
    assert not (data / "saliency_photos").exists()


def test_prepare_when_pictures_are_bad_then_names_and_counts_them(folders, caplog):
    (folders / "in_photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    write_png(folders / "in_photos" / "copy.png", draw_photo(0))
    write_png(folders / "in_photos" / "gray.png", np.full((90, 120, 3), 128, np.uint8))
    record = run(folders).photos
    assert record.unreadable == ["broken.jpg"]
    assert record.dropped == {"unreadable": 1, "duplicate": 1, "flat": 1}
    assert record.count == 6
    assert "broken.jpg is skipped" in caplog.text


def test_prepare_without_dedup_then_keeps_copies(folders):
    brighter = np.clip(draw_photo(0).astype(int) + 3, 0, 255).astype(np.uint8)
    write_png(folders / "in_photos" / "copy.png", brighter)
    assert run(folders).photos.dropped == {"duplicate": 1}
    (folders / "data").rename(folders / "before")
    settings = PrepareSettings(Squares(64, held_out=0, dedup=False), ALL, saliency=False)
    assert run(folders, settings).photos.count == 7


@pytest.mark.parametrize("count", [0, 1])
def test_prepare_of_too_few_pictures_then_refuses(folders, count):
    few = folders / "few"
    few.mkdir()
    if count:
        write_png(few / "one.png", draw_photo(0))
    with pytest.raises(InputError) as caught:
        run(folders, photos=[few])
    assert caught.value.code == "E301"
    assert not (folders / "data").exists()


def test_prepare_when_the_folders_are_swapped_then_warns(folders):
    swapped = run(folders, photos=[folders / "in_cartoons"], cartoons=[folders / "in_photos"])
    assert any("swapped" in text for text in swapped.warnings)


def test_prepare_when_they_are_not_swapped_then_says_nothing_of_it(folders):
    assert not any("swapped" in text for text in run(folders).warnings)


def test_prepare_of_dark_pictures_then_warns(folders):
    for path in (folders / "in_photos").iterdir():
        write_png(path, read_rgb(path) // 3)
    assert any("photos are dark" in text for text in run(folders).warnings)


def test_prepare_when_the_output_exists_then_touches_nothing(folders):
    (folders / "data").mkdir()
    with pytest.raises(OutputError, match="exists"):
        run(folders)
    assert not list((folders / "data").iterdir())


def test_prepare_of_a_missing_place_then_says_which(folders):
    with pytest.raises(InputError, match="nowhere does not exist"):
        run(folders, cartoons=[folders / "nowhere"])


@pytest.mark.slow
def test_prepare_on_two_workers_then_makes_the_same_twins(folders):
    run(folders)
    first = json.loads((folders / "data" / "manifest.json").read_text())["sha256"]
    (folders / "data").rename(folders / "before")
    run(folders, PrepareSettings(ALL, ALL, saliency=False, workers=2))
    assert json.loads((folders / "data" / "manifest.json").read_text())["sha256"] == first


@pytest.mark.parametrize(
    "wrong", [{"side": 30}, {"side": 66}, {"held_out": 0.7}, {"crops": 0}, {"scale": 0.0}]
)
def test_squares_of_impossible_values_then_refuse(wrong):
    with pytest.raises(UsageError):
        Squares(**wrong)


@pytest.mark.parametrize("wrong", [{"method": "random"}, {"every_s": 0}])
def test_sampling_of_impossible_values_then_refuses(wrong):
    with pytest.raises(UsageError):
        Sampling(**wrong)


def test_sample_film_by_interval_then_follows_the_films_own_times(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", ClipPlan(frames=50, rate=25))
    assert len(list(sample_film(clip, Sampling("interval", 0.5)))) == 4
    assert len(list(sample_film(clip, Sampling("interval", 10)))) == 1


def test_sample_film_by_key_frames_then_takes_only_those(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", ClipPlan(frames=30))
    found = list(sample_film(clip, Sampling("keyframes")))
    assert len(found) == 3  # every 12th of 30
    assert found[0].shape == (64, 96, 3)


def test_sample_film_that_is_none_then_raises_ours(tmp_path):
    broken = tmp_path / "film.mp4"
    broken.write_bytes(b"not a film")
    with pytest.raises(InputError):
        list(sample_film(broken, Sampling()))


def test_prepare_command_without_rights_then_refuses(folders):
    words = ["prepare", "--photos", str(folders), "--cartoons", str(folders), "-o", "x"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "--rights" in result.output


def test_prepare_command_then_says_what_was_made(folders):
    photos, cartoons = folders / "in_photos", folders / "in_cartoons"
    words = f"prepare --photos {photos} --cartoons {cartoons} -o {folders / 'd'} --size 64 --val 0"
    result = CliRunner().invoke(main, [*words.split(), "--no-saliency", "--rights", "CC0"])
    assert result.exit_code == 0, result.output
    assert "6 photos in" in result.output
    assert "5 cartoons in" in result.output
