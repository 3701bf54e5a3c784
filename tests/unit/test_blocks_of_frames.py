import numpy as np
import pytest
import torch

from livecartoon.backends.blocks import Packer
from livecartoon.models.blocks import to_blocks
from tests.drawing import drawn_photo

SIZES = [(64, 48), (83, 61), (8, 8), (17, 16)]


def in_blocks(picture):
    """As the graph sorts a picture: (1, h, w, channels)."""
    return to_blocks(torch.from_numpy(picture)[None], 4).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_pack_then_sorts_bytes_as_the_graph_does_and_cropped_undoes_the_padding(width, height):
    packer, photo = Packer(width, height, 1), drawn_photo(width, height)
    padded = packer.padded(photo)
    assert padded.shape[0] % 8 == padded.shape[1] % 8 == 0
    packed = packer.pack(padded)
    assert packed.shape == packer.shape
    assert np.array_equal(packed.ravel(), in_blocks(padded).ravel())
    assert np.array_equal(packer.cropped(padded), photo)


def test_padded_then_repeats_the_last_row_and_column():
    photo = drawn_photo(13, 11)
    padded = Packer(13, 11, 2).padded(photo)
    assert padded.shape == (16, 16, 3)
    assert np.array_equal(padded[:11, 13:], np.repeat(photo[:, -1:], 3, 1))
    assert np.array_equal(padded[11:], np.repeat(padded[10:11], 5, 0))


def test_pack_when_reduced_then_takes_means_in_whole_levels():
    photo = np.zeros((16, 16, 3), np.uint8)
    photo[0, 0] = 255, 3, 2  # means of four pixels: 63.75, 0.75, 0.5
    packed = Packer(16, 16, 2).pack(photo)
    assert packed.ravel()[:3].tolist() == [64, 1, 1]
    assert packed.ravel()[3:].sum() == 0


@pytest.mark.parametrize("reduction", [3, 4, 5])
def test_pack_when_reduced_further_then_takes_the_means_of_whole_cells(reduction):
    side = 8 * reduction
    photo = np.random.default_rng(reduction).integers(0, 256, (side, 2 * side, 3), dtype=np.uint8)
    cells = photo.reshape(8, reduction, 16, reduction, 3).astype(float).mean((1, 3))
    packed = Packer(2 * side, side, reduction).pack(photo).reshape(2, 4, 4, 4, 3)
    small = packed.swapaxes(1, 2).reshape(8, 16, 3)
    assert np.abs(small - cells).max() <= 0.5
