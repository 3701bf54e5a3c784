"""The public CartoonGAN weights against pictures that the original code drew."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from livecartoon.errors import ModelError
from livecartoon.models.released import import_cartoongan

WEIGHTS = Path("teachers") / "cartoongan_shinkai_fp16.npz"


def read(path: Path) -> np.ndarray:
    return np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])


def psnr(drawn: np.ndarray, wanted: np.ndarray) -> float:
    error = np.mean((drawn.astype(np.float64) - wanted) ** 2)
    return float(10 * np.log10(255**2 / error))


@pytest.fixture(scope="module")
def draw(shared_data: Path):
    generator = import_cartoongan(shared_data / WEIGHTS)

    def run(photo: np.ndarray) -> np.ndarray:
        height, width = photo.shape[:2]
        tensor = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
        tensor = F.pad(tensor, (0, -width % 4, 0, -height % 4), mode="replicate")
        with torch.no_grad():
            drawn = generator(tensor)[0, :, :height, :width]
        return ((drawn + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()

    return run


def test_released_weights_when_run_then_draw_the_authors_picture(draw, shared_data) -> None:
    parity = shared_data / "teachers" / "parity"
    drawn = draw(read(parity / "4_in_255x171.png"))
    assert psnr(drawn, read(parity / "4_out_zero.png")) >= 55
    assert psnr(drawn, read(parity / "4_out_reflect.png")) < 40  # another border is another look


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["1_in_256x256", "2_in_256x192", "3_in_233x301", "5_in_270x191", "6_in_318x206"]
)
def test_released_weights_when_run_on_more_then_draw_the_same(name, draw, shared_data) -> None:
    parity = shared_data / "teachers" / "parity"
    drawn = draw(read(parity / f"{name}.png"))
    assert psnr(drawn, read(parity / f"{name[0]}_out_zero.png")) >= 55


def test_import_when_the_file_is_missing_then_e601(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="E601"):
        import_cartoongan(tmp_path / "none.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY"])
def test_import_when_the_file_is_garbage_then_e602(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="E602"):
        import_cartoongan(path)


def test_import_when_arrays_are_missing_then_e604(tmp_path: Path) -> None:
    path = tmp_path / "few.npz"
    np.savez(path, **{"conv01_1.weight": np.zeros((64, 3, 7, 7), np.float16)})
    with pytest.raises(ModelError, match=r"E604.*lacks"):
        import_cartoongan(path)


def test_import_when_a_single_array_is_stored_then_e602(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ModelError, match="E602"):
        import_cartoongan(path)
