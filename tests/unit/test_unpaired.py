"""The unpaired loader: what a step sees follows from seed, step and rank alone."""

import json

import numpy as np
import pytest
import torch

from livecartoon.errors import InputError, UsageError
from trainer.data.decode import write_png
from trainer.data.unpaired import NEEDS, UnpairedLoader

SIDE = 24


def write_data(folder, photos=5, cartoons=3, side=SIDE):
    """Pictures whose red is their number, green the column, blue the row; twins likewise."""
    y, x = np.mgrid[:side, :side]
    for kind, count in (("photos", photos), ("cartoons", cartoons)):
        for made in (kind, f"saliency_{kind}"):
            (folder / made).mkdir(parents=True)
        for index in range(count):
            picture = np.stack([np.full_like(x, index), x, y], -1).astype(np.uint8)
            write_png(folder / kind / f"{index:03d}.png", picture)
            write_png(folder / f"saliency_{kind}" / f"{index:03d}.png", picture[..., 1])
    (folder / "smoothed").mkdir()
    for path in (folder / "cartoons").iterdir():
        (folder / "smoothed" / path.name).write_bytes(path.read_bytes())
    return folder


def levels(tensor):
    """Back to the uint8 the files hold."""
    return ((tensor + 1) * 127.5).round().to(torch.uint8)


def load(folder, **options):
    return UnpairedLoader(folder, **({"batch": 2, "crop": 16, "seed": 3} | options))


def test_loader_when_called_then_gives_floats_of_the_stated_shapes(tmp_path):
    batch = load(write_data(tmp_path), needs=frozenset(NEEDS))(0)
    assert batch.photo.shape == batch.cartoon.shape == batch.smoothed.shape == (2, 3, 16, 16)
    assert batch.photo_saliency.shape == batch.cartoon_saliency.shape == (2, 1, 16, 16)
    assert batch.photo.dtype == torch.float32
    assert batch.photo.min() >= -1
    assert batch.photo.max() <= 1


def test_loader_when_made_again_then_any_step_is_the_same(tmp_path):
    data = write_data(tmp_path)
    first, again = load(data), load(data)
    late = again(41)  # without the steps before it
    for step in range(41):
        first(step)
    assert torch.equal(first(41).photo, late.photo)
    assert torch.equal(first(41).cartoon, late.cartoon)


def test_loader_when_the_seed_differs_then_the_batches_do(tmp_path):
    data = write_data(tmp_path)
    assert not torch.equal(load(data, seed=1)(0).photo, load(data, seed=2)(0).photo)


def test_loader_over_an_epoch_then_shows_every_picture_once(tmp_path):
    loader = load(write_data(tmp_path, photos=6), batch=3)
    epochs = [
        [int(n) for s in (a, a + 1) for n in levels(loader(s).photo)[:, 0, 0, 0]] for a in (0, 2)
    ]
    assert [sorted(epoch) for epoch in epochs] == [list(range(6))] * 2
    assert epochs[0] != epochs[1]


def test_loader_of_two_ranks_then_sees_what_one_with_twice_the_batch_sees(tmp_path):
    data = write_data(tmp_path)
    whole = load(data, batch=4)
    ranks = [load(data, batch=2, rank=rank, world=2) for rank in (0, 1)]
    for step in range(5):
        together = torch.cat([loader(step).photo for loader in ranks])
        assert torch.equal(together, whole(step).photo)
        together = torch.cat([loader(step).cartoon for loader in ranks])
        assert torch.equal(together, whole(step).cartoon)


def test_loader_when_twins_are_needed_then_they_share_crop_and_flip(tmp_path):
    loader = load(write_data(tmp_path), needs=frozenset(NEEDS))
    for step in range(6):
        batch = loader(step)
        assert torch.equal(batch.smoothed, batch.cartoon)
        assert torch.equal((batch.photo_saliency * 255).round().byte(), levels(batch.photo)[:, 1:2])
        map_levels = (batch.cartoon_saliency * 255).round().byte()
        assert torch.equal(map_levels, levels(batch.cartoon)[:, 1:2])


def test_loader_over_many_steps_then_crops_everywhere_and_flips_half(tmp_path):
    loader = load(write_data(tmp_path), batch=4)
    photos = torch.cat([levels(loader(step).photo) for step in range(60)])
    columns = photos[:, 1, 0, :].int()
    is_flipped = columns[:, 0] > columns[:, -1]
    assert 0.35 < is_flipped.float().mean() < 0.65
    assert set(photos[:, 2, 0, 0].tolist()) == set(range(SIDE - 16 + 1))


def test_loader_of_pixel_art_then_crops_on_the_grid(tmp_path):
    data = write_data(tmp_path)
    (data / "manifest.json").write_text(json.dumps({"cell": 4}))
    loader = load(data, batch=4)
    rows = torch.cat([levels(loader(step).cartoon)[:, 2, 0, 0] for step in range(20)])
    assert set((rows % 4).tolist()) == {0}
    rows = torch.cat([levels(loader(step).photo)[:, 2, 0, 0] for step in range(20)])
    assert len(set((rows % 4).tolist())) == 4


def test_loader_when_a_picture_is_damaged_then_it_is_skipped_and_named(tmp_path, caplog):
    data = write_data(tmp_path)
    (data / "photos" / "001.png").write_bytes(b"no picture")
    loader = load(data)
    assert loader.photos.names == ("000.png", "002.png", "003.png", "004.png")
    assert "001.png cannot be read" in caplog.text
    assert "1 of 5 pictures" in caplog.text


@pytest.mark.parametrize("count", [0, 1])
def test_loader_of_a_folder_with_fewer_than_two_pictures_then_refuses(tmp_path, count):
    with pytest.raises(InputError, match=f"holds {count} readable") as caught:
        load(write_data(tmp_path, photos=count))
    assert caught.value.code == "E301"


def test_loader_when_a_twin_is_missing_then_names_it(tmp_path):
    data = write_data(tmp_path)
    (data / "smoothed" / "002.png").unlink()
    with pytest.raises(InputError, match=r"smoothed/002\.png is missing"):
        load(data, needs=frozenset({"smoothed"}))


@pytest.mark.parametrize(
    "options",
    [{"crop": 32}, {"needs": frozenset({"depth"})}, {"rank": 2, "world": 2}, {"batch": 0}],
)
def test_loader_when_asked_for_the_impossible_then_says_so(tmp_path, options):
    with pytest.raises(UsageError):
        load(write_data(tmp_path), **options)


def test_loader_when_the_manifest_is_damaged_then_says_so(tmp_path):
    data = write_data(tmp_path)
    (data / "manifest.json").write_text("[1")
    with pytest.raises(InputError, match="damaged"):
        load(data)
