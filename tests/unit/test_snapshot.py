from __future__ import annotations

import cv2
import numpy as np
import pytest

from livecartoon.errors import OutputError
from livecartoon.sinks.snapshot import encode_png, write_png


@pytest.mark.parametrize("shape", [(1, 1, 3), (37, 53, 3), (720, 1280, 3)])
def test_png_read_by_another_decoder_is_exact(shape):
    pixels = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    decoded = cv2.imdecode(np.frombuffer(encode_png(pixels, {}), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded[:, :, ::-1], pixels)


def test_png_holds_its_texts():
    data = encode_png(np.zeros((2, 2, 3), np.uint8), {"Style": "shinkai", "Title": "naïve 新"})
    assert b"tEXtStyle\0shinkai" in data
    assert "naïve ?".encode("latin-1") in data


def test_write_png_leaves_only_the_final_file(tmp_path):
    write_png(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8), {})
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_write_png_into_a_missing_folder_is_an_output_error(tmp_path):
    with pytest.raises(OutputError) as caught:
        write_png(tmp_path / "none" / "a.png", np.zeros((2, 2, 3), np.uint8), {})
    assert caught.value.code == "E402"
