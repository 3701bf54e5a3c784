"""Where norms take their moments from, and the guard against what norms cannot see."""

import pytest
import torch

from livecartoon.models.generator import fold
from livecartoon.models.norms import (
    AdaptiveNorm,
    InstanceLayerNorm,
    InstanceNorm,
    LayerNorm,
    Norm,
    Standardise,
)
from livecartoon.models.paper_picture import PaperPicture, exposure_share
from livecartoon.models.papers import PAPERS, build_generator
from livecartoon.models.statistics import freeze, is_blind_to_exposure, norms_of, put_running
from tests.drawing import drawn_photo

TINY = [name for name in PAPERS if name.endswith("-tiny")]


def photo_of(width: int, height: int) -> torch.Tensor:
    return torch.from_numpy(drawn_photo(width, height)).permute(2, 0, 1)[None] / 127.5 - 1


@pytest.mark.parametrize(
    "norm", [InstanceNorm, LayerNorm, InstanceLayerNorm, AdaptiveNorm, Standardise]
)
def test_norm_when_given_its_own_moments_then_answers_as_live(norm: type[Norm]) -> None:
    torch.manual_seed(0)
    part = norm(6)
    for parameter in part.parameters():
        parameter.data.add_(0.3 * torch.rand_like(parameter))
    x = torch.randn(2, 6, 9, 7) * 3 + 2
    moments = part.moments(x)
    assert moments.shape == (2, part.moment_count)
    assert torch.allclose(part.normed_by(moments, x), part(x), atol=1e-5)


def test_instance_norm_when_given_two_values_then_moments_as_worked_out() -> None:
    x = torch.tensor([1.0, 3.0]).reshape(1, 1, 1, 2)
    assert InstanceNorm(1).moments(x).tolist() == [[2.0, 1.0]]
    assert Standardise(1).moments(x).tolist() == [[2.0, 2.0]]


@pytest.mark.parametrize("name", TINY)
def test_freeze_when_measured_on_one_photo_then_draws_it_as_before(name: str) -> None:
    torch.manual_seed(0)
    generator = fold(build_generator(name))
    photo = photo_of(48, 32)
    with torch.no_grad():
        live = generator(photo)
        freeze(generator, [photo])
        assert not norms_of(generator)
        assert torch.allclose(generator(photo), live, atol=1e-4)


def test_freeze_when_an_object_enters_then_the_far_corner_stays() -> None:
    torch.manual_seed(0)
    generator = fold(build_generator("cartoongan-tiny"))
    photo = photo_of(128, 128)
    entered = photo.clone()
    entered[:, :, 96:, 96:] = 1.0

    def moved() -> float:
        with torch.no_grad():
            change = generator(entered) - generator(photo)
        return float(change[:, :, :32, :32].abs().max())

    live = moved()
    freeze(generator, [photo])
    assert live > 1e-3
    assert moved() < 1e-5


def test_freeze_when_there_are_no_photos_then_refuses() -> None:
    with pytest.raises(ValueError, match="no photos"):
        freeze(fold(build_generator("cartoongan-tiny")), [])


@pytest.mark.parametrize("name", TINY)
def test_running_norms_when_the_ledger_is_empty_then_draw_as_live(name: str) -> None:
    torch.manual_seed(0)
    generator = fold(build_generator(name))
    photo = photo_of(32, 32)
    with torch.no_grad():
        live = generator(photo)
        ledger, length = put_running(generator)
        drawn = generator(photo)
    assert torch.allclose(drawn, live, atol=1e-4)
    assert sum(part.numel() for part in ledger.after.values()) == length


def test_blindness_when_asked_then_only_norms_of_the_frame_are_blind() -> None:
    blind = {name for name in TINY if is_blind_to_exposure(build_generator(name))}
    assert set(TINY) - blind == {"animegan3-tiny", "whitebox-tiny"}


@pytest.mark.parametrize(("deviation", "share"), [(0, 0.0), (4, 0.0), (8, 0.5), (12, 1.0)])
def test_exposure_share_when_contrast_grows_then_a_smooth_step(
    deviation: float, share: float
) -> None:
    luma = 0.5 + torch.tensor([[-1.0, 1.0]]).expand(1, 1, 4, 2) * deviation / 255
    assert float(exposure_share(luma)) == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("level", [0, 9, 255])
def test_picture_when_the_frame_is_flat_then_stays_the_source(level: int) -> None:
    torch.manual_seed(0)
    picture = PaperPicture(fold(build_generator("cartoongan-tiny")), (32, 40)).eval()
    frame = torch.full((1, 32, 40, 3), level, dtype=torch.uint8)
    frame[:, ::2] = min(255, level + 2)
    with torch.inference_mode():
        drawn = picture(frame, torch.tensor([1.0, 1.0, 0.0, 1.0]))
    assert torch.equal(drawn, frame)
