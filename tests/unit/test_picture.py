import numpy as np
import pytest
import torch

from livecartoon.models.classic import CLASSIC_INK, Classic, soft_bands
from livecartoon.models.inkstyle import InkStyle
from livecartoon.models.picture import StudentPicture
from livecartoon.models.student import STUDENTS, Student

IDENTITY = torch.tensor([1.0, 1.0, 0.0, 1.0])


def photo(height: int, width: int) -> torch.Tensor:
    rng = np.random.default_rng(3)
    small = rng.integers(0, 256, (1, height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    large = small.repeat(8, 1).repeat(8, 2)[:, :height, :width]
    return torch.from_numpy(np.ascontiguousarray(large))


def picture(size: tuple[int, int], reduction: int, *layers: str) -> StudentPicture:
    torch.manual_seed(0)
    student = Student(STUDENTS["nano"]).fuse()
    return StudentPicture(student, InkStyle(), size, reduction, layers).eval()


@pytest.mark.parametrize("size", [(64, 96), (61, 83), (1, 1), (50, 7)])
@pytest.mark.parametrize("reduction", [1, 2, 3])
def test_picture_of_any_size_then_keeps_size_and_type(
    size: tuple[int, int], reduction: int
) -> None:
    with torch.inference_mode():
        drawn = picture(size, reduction)(photo(*size), IDENTITY)
    assert drawn.shape == (1, *size, 3)
    assert drawn.dtype == torch.uint8


@pytest.mark.parametrize("reduction", [1, 2, 3])
def test_picture_when_strength_is_zero_then_returns_the_source(reduction: int) -> None:
    frame = photo(48, 72)
    look = torch.tensor([1.0, 0.0, 0.0, 1.0])
    with torch.inference_mode():
        drawn = picture((48, 72), reduction, "strength")(frame, look)
    assert torch.equal(drawn, frame)


def test_picture_with_identity_sliders_then_layers_change_nothing() -> None:
    frame = photo(48, 64)
    with torch.inference_mode():
        plain = picture((48, 64), 1)(frame, IDENTITY)
        built = picture((48, 64), 1, "strength", "keep_color", "vivid")(frame, IDENTITY)
    assert (plain.int() - built.int()).abs().max() <= 1


def test_picture_when_vivid_is_zero_then_is_grey() -> None:
    look = torch.tensor([0.0, 1.0, 0.0, 0.0])
    with torch.inference_mode():
        drawn = picture((32, 48), 1, "vivid")(photo(32, 48), look).int()
    assert (drawn.amax(3) - drawn.amin(3)).max() <= 1


def test_picture_when_reduced_then_edges_stay_as_sharp_as_the_frames() -> None:
    """An untrained gate keeps half of the photo: half of a full-size step must survive."""
    frame = torch.full((1, 96, 96, 3), 60, dtype=torch.uint8)
    frame[:, :, 48:] = 200
    no_ink = torch.tensor([0.0, 1.0, 0.0, 1.0])
    with torch.inference_mode():
        drawn = picture((96, 96), 3)(frame, no_ink)[0, 48, :, 1].int()
    assert (drawn[1:] - drawn[:-1]).max() > 50


def test_classic_when_flat_then_keeps_the_tone_and_draws_no_line() -> None:
    frame = torch.full((1, 40, 56, 3), 128, dtype=torch.uint8)
    with torch.inference_mode():
        drawn = StudentPicture(Classic(), CLASSIC_INK, (40, 56)).eval()(frame, IDENTITY)
    assert (drawn.int() - 128).abs().max() <= 14
    assert drawn.float().std() < 0.5


def test_classic_when_noisy_then_flattens() -> None:
    rng = np.random.default_rng(0)
    noisy = np.clip(128 + rng.normal(0, 8, (1, 64, 64, 3)), 0, 255).astype(np.uint8)
    no_ink = torch.tensor([0.0, 1.0, 0.0, 1.0])
    with torch.inference_mode():
        drawn = StudentPicture(Classic(), CLASSIC_INK, (64, 64)).eval()(
            torch.from_numpy(noisy), no_ink
        )
    assert drawn.float().std() < 0.5 * noisy.std()


def test_soft_bands_then_middles_stay_and_ends_meet() -> None:
    middles = (torch.arange(9) + 0.5) / 9
    assert torch.allclose(soft_bands(middles, 9), middles, atol=1e-6)
    assert soft_bands(torch.linspace(0, 1, 100), 9).diff().min() >= -1e-3
