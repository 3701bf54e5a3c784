"""The optimisation of single pictures, on a network of random weights."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from livecartoon.errors import InputError, ModelError, UsageError
from tests.drawing import drawn_photo, moving_picture
from trainer.features import load_features
from trainer.gatys import GatysConfig, Losses, stylize, stylize_file


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five random layers in the layout of the normalised VGG19."""
    torch.manual_seed(0)
    tensors = {"conv0.weight": torch.eye(3)[:, :, None, None], "conv0.bias": torch.zeros(3)}
    inputs = 3
    widths = {"conv1_1": 64, "conv1_2": 64, "conv2_1": 128, "conv2_2": 128, "conv3_1": 256}
    for name, width in widths.items():
        tensors[f"{name}.weight"] = torch.randn(width, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5
        tensors[f"{name}.bias"] = torch.zeros(width)
        inputs = width
    path = tmp_path_factory.mktemp("features") / "vgg.safetensors"
    save_file(tensors, path)
    return path


def as_tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1


def test_losses_when_the_picture_is_photo_and_style_then_only_variation_is_left(network) -> None:
    photo = as_tensor(drawn_photo(48, 40))
    losses = Losses(load_features(network), photo, photo, GatysConfig(tv_weight=0.0))
    assert float(losses(photo)) == pytest.approx(0, abs=1e-9)
    assert float(losses(photo.flip(3))) > 0


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("start", ["content", "noise"])
def test_stylize_when_run_then_comes_nearer_to_the_style(network, optimizer, start) -> None:
    photo, style = drawn_photo(61, 48), moving_picture(0, 40, 56)
    features = load_features(network)
    config = GatysConfig(iterations=12, side=48, optimizer=optimizer, start=start, tv_weight=0.0)
    drawn = stylize(photo, style, features, config)
    assert drawn.shape == photo.shape
    losses = Losses(features, as_tensor(photo), as_tensor(style), config)
    noise = np.random.default_rng(0).integers(0, 256, photo.shape, np.uint8)
    before = losses(as_tensor(photo if start == "content" else noise))
    assert float(losses(as_tensor(drawn))) < 0.7 * float(before)


def test_stylize_when_repeated_then_the_same(network) -> None:
    photo, style = drawn_photo(40, 40), moving_picture(1, 40, 40)
    config = GatysConfig(iterations=3, side=40, start="noise")
    first, second = (stylize(photo, style, load_features(network), config) for _ in range(2))
    assert np.array_equal(first, second)


def test_stylize_file_when_the_photo_is_missing_then_e302(network, tmp_path) -> None:
    cv2.imwrite(str(tmp_path / "style.png"), drawn_photo(40, 40))
    with pytest.raises(InputError, match="E302"):
        stylize_file(
            tmp_path / "none.png",
            tmp_path / "style.png",
            tmp_path / "out.png",
            load_features(network),
            GatysConfig(),
        )


def test_load_features_when_a_tensor_is_missing_then_names_it(tmp_path) -> None:
    path = tmp_path / "few.safetensors"
    save_file({"conv0.weight": torch.zeros(3, 3, 1, 1)}, path)
    with pytest.raises(ModelError, match=r"E604.*conv"):
        load_features(path)


def test_gatys_config_when_out_of_range_then_e201() -> None:
    with pytest.raises(UsageError, match="E201"):
        GatysConfig(iterations=0)
