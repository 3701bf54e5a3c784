import pytest
import torch
from torch import nn

from livecartoon.models.blocks import (
    RepConv,
    count_macs,
    enlarge_in_blocks,
    from_blocks,
    gaussian_in_blocks,
    to_blocks,
)
from livecartoon.models.student import STUDENTS, Student, StudentConfig

PARAMETERS = {"nano": 53_345, "small": 159_945, "base": 675_473, "large": 1_557_377}
GIGA_MACS_360P = {"nano": 0.395, "small": 0.92, "base": 3.82, "large": 8.75}


@pytest.mark.parametrize("tier", STUDENTS)
def test_student_parameters_when_fused_then_the_ladders(tier: str) -> None:
    student = Student(STUDENTS[tier]).fuse()
    assert sum(p.numel() for p in student.parameters()) == PARAMETERS[tier]


@pytest.mark.parametrize("tier", STUDENTS)
def test_student_macs_at_360p_then_within_four_percent_of_the_ladder(tier: str) -> None:
    student = Student(STUDENTS[tier]).fuse().eval()
    kernels: list[tuple[nn.Conv2d, int]] = []
    for module in student.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda conv, _, out: kernels.append((conv, out.shape[2] * out.shape[3]))
            )
    with torch.no_grad():
        student.maps(torch.rand(1, 48, 90, 160))
    assert count_macs(kernels) / 1e9 == pytest.approx(GIGA_MACS_360P[tier], rel=0.04)


def test_fuse_when_called_then_answer_stays() -> None:
    torch.manual_seed(1)
    student = Student(STUDENTS["nano"])
    photo = torch.rand(2, 32, 48, 3)
    before = student(photo)
    after = student.fuse().fuse()(photo)
    assert torch.allclose(before, after, atol=2e-6)


def test_student_for_inputs_then_takes_levels_and_decides_the_same() -> None:
    torch.manual_seed(2)
    student = Student(STUDENTS["nano"]).fuse()
    levels = torch.randint(0, 256, (1, 48, 8, 12)).float()
    for given, wanted in zip(
        student.for_inputs(1 / 127.5).decide(levels - 127.5),
        student.maps(levels / 255),
        strict=True,
    ):
        torch.testing.assert_close(given, wanted, atol=1e-5, rtol=0)
    with pytest.raises(AssertionError, match="not fused"):
        Student(STUDENTS["nano"]).for_inputs(0.5)


def test_rep_conv_fused_then_has_one_kernel() -> None:
    block = RepConv(8, 8)
    block.fuse()
    assert [name for name, _ in block.named_parameters()] == ["conv.weight", "conv.bias"]


def test_student_when_untrained_then_shows_the_half_blurred_photo() -> None:
    student = Student(STUDENTS["nano"]).eval()
    flat = torch.full((1, 32, 32, 3), 0.5)
    with torch.no_grad():
        assert torch.allclose(student(flat), flat, atol=0.15)


def test_student_config_when_out_of_range_then_raises() -> None:
    with pytest.raises(ValueError, match="channels_eighth"):
        StudentConfig(channels_eighth=4096)
    with pytest.raises(ValueError, match="head_kernel"):
        StudentConfig(head_kernel=5)
    with pytest.raises(ValueError, match="blocks_out"):
        StudentConfig(blocks_out=0, head_channels=64)


@pytest.mark.parametrize("block", [2, 3, 4])
def test_blocks_when_there_and_back_then_identical(block: int) -> None:
    frame = torch.arange(2 * 12 * 24 * 3).reshape(2, 12, 24, 3)
    blocks = to_blocks(frame, block)
    assert blocks.shape == (2, 3 * block * block, 12 // block, 24 // block)
    assert torch.equal(from_blocks(blocks, block), frame)


def test_to_blocks_then_channels_are_row_column_colour() -> None:
    frame = torch.arange(1 * 4 * 4 * 3).reshape(1, 4, 4, 3)
    assert to_blocks(frame, 2)[0, :, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17]


def test_gaussian_in_blocks_then_equals_the_blur_of_the_picture() -> None:
    sigma, radius = 1.3, 4
    picture = torch.rand(1, 24, 24, 1, generator=torch.Generator().manual_seed(0))
    blocks = nn.functional.pad(to_blocks(picture, 4), (1, 1, 1, 1), mode="replicate")
    blurred = from_blocks(nn.functional.conv2d(blocks, gaussian_in_blocks(sigma)), 4)
    offset = torch.arange(-radius, radius + 1).float()
    line = torch.exp(-(offset**2) / (2 * sigma**2))
    kernel = (line[:, None] * line[None, :])[None, None]
    direct = nn.functional.conv2d(picture[..., 0][:, None], kernel / kernel.sum())
    assert torch.allclose(blurred[0, 4:-4, 4:-4, 0], direct[0, 0], atol=1e-5)


@pytest.mark.parametrize("factor", [2, 3])
def test_enlarge_in_blocks_then_equals_bilinear_enlargement(factor: int) -> None:
    picture = torch.rand(1, 1, 6, 8, generator=torch.Generator().manual_seed(0))
    padded = nn.functional.pad(picture, (1, 1, 1, 1), mode="replicate")
    ours = from_blocks(nn.functional.conv2d(padded, enlarge_in_blocks(factor)), factor)
    theirs = nn.functional.interpolate(picture, scale_factor=factor, mode="bilinear")
    assert torch.allclose(ours[..., 0], theirs[:, 0], atol=1e-6)
