"""Perceptual networks by file: layouts, names of what is missing, scales."""

import os
from pathlib import Path

import pytest
import torch

from livecartoon.errors import ModelError, UsageError
from trainer.feature_networks import LAYERS, random_vgg
from trainer.features import SPREADS, load_features

SHARED = Path(os.environ.get("LIVECARTOON_SHARED", Path(__file__).parents[3] / "shared"))
TEACHERS = SHARED / "data" / "teachers"


def vgg_tensors(layout, *, depth=12):
    """A full VGG19 of zeros, but for the first kernel."""
    tensors, inputs = {}, 3
    for name, (place, width) in list(LAYERS.items())[:depth]:
        key = f"features.{place}" if layout == "torchvision" else name
        tensors[f"{key}.weight"] = torch.zeros(width, inputs, 3, 3)
        tensors[f"{key}.bias"] = torch.zeros(width)
        inputs = width
    first = "features.0.weight" if layout == "torchvision" else "conv1_1.weight"
    tensors[first][0, 0, 1, 1] = 1.0
    return tensors


def store(path, tensors):
    torch.save(tensors, path)
    return path


def test_vgg19_when_torchvisions_then_imagenet_scaled_red_comes_out(tmp_path):
    features = load_features(store(tmp_path / "vgg.pth", vgg_tensors("torchvision")))
    assert sum(p.numel() for p in features.parameters()) == 10_585_152
    red = torch.full((1, 3, 16, 16), 0.5)
    found = features(red, ("conv1_1",))["conv1_1"][0, 0, 8, 8]
    assert found.item() == pytest.approx((0.75 - 0.485) / 0.229, abs=1e-4)
    assert features.content(torch.zeros(1, 3, 64, 64)).shape == (1, 512, 8, 8)
    assert features.source.kind == "vgg19-torchvision"
    assert len(features.source.sha256) == 64


def test_vgg19_when_caffes_then_blue_levels_come_first(tmp_path):
    features = load_features(store(tmp_path / "vgg.pt", vgg_tensors("caffe", depth=13)), "caffe")
    blue = torch.tensor([0.0, 0.0, 1.0])[None, :, None, None].expand(1, 3, 8, 8)
    found = features(blue, ("conv1_1",))["conv1_1"][0, 0, 4, 4]
    assert found.item() == pytest.approx(255 - 103.939, abs=1e-2)
    assert "conv5_1" in features.layers
    assert features.factor == 1


def test_vgg19_when_its_source_is_the_other_then_scaled_as_the_recipe_presumes(tmp_path):
    path = store(tmp_path / "vgg.pth", vgg_tensors("torchvision"))
    assert load_features(path, "caffe").factor == SPREADS["caffe"] / SPREADS["torchvision"]


def test_file_when_a_tensor_is_missing_then_e604_names_it(tmp_path):
    tensors = vgg_tensors("torchvision")
    del tensors["features.16.bias"]
    with pytest.raises(ModelError, match=r"features\.16\.bias") as caught:
        load_features(store(tmp_path / "vgg.pth", tensors))
    assert caught.value.code == "E604"


def test_file_when_a_tensor_has_another_shape_then_e604_names_it(tmp_path):
    tensors = vgg_tensors("caffe") | {"conv2_1.weight": torch.zeros(64, 64, 3, 3)}
    with pytest.raises(ModelError, match=r"conv2_1\.weight") as caught:
        load_features(store(tmp_path / "vgg.pth", tensors))
    assert caught.value.code == "E604"


@pytest.mark.parametrize(
    ("content", "code"), [(None, "E601"), (b"nonsense", "E602"), ({"classifier": 1}, "E604")]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_file_when_wrong_then_says_how(tmp_path, content, code, suffix):
    path = tmp_path / f"file{suffix}"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        if suffix == ".safetensors":
            pytest.skip("a dictionary of numbers is no safetensors file")
        torch.save(content, path)
    with pytest.raises(ModelError) as caught:
        load_features(path)
    assert caught.value.code == code


def test_random_network_then_is_the_same_every_time_and_named():
    first, second = (load_features("") for _ in range(2))
    picture = torch.rand(1, 3, 32, 32)
    assert torch.equal(first.content(picture), second.content(picture))
    assert first.facts()["kind"] == "random"
    assert random_vgg().layers[-1] == "conv4_4"


def test_features_under_autocast_then_stay_in_float32():
    features = load_features("")
    picture = torch.rand(1, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(features.content(picture), features.content(picture.clone()))
        assert features.content(picture).dtype == torch.float32


def test_layer_when_unknown_then_e201_names_those_there():
    with pytest.raises(UsageError, match="conv9_9"):
        load_features("").content(torch.zeros(1, 3, 32, 32), "conv9_9")


@pytest.mark.skipif(not TEACHERS.is_dir(), reason="the shared networks are not here")
@pytest.mark.parametrize(
    ("name", "kind", "shape"),
    [
        (
            "vgg19small16x_conv1_1-conv5_1_fp16.safetensors",
            "vgg19-small16x",
            (1, 128, 8, 8),
        ),
        (
            "vgg19norm_conv1_1-conv3_1_fp16.safetensors",
            "vgg19-normalised",
            (1, 256, 16, 16),
        ),
        ("squeezenet1_1_fp16.safetensors", "squeezenet", (1, 256, 7, 7)),
    ],
)
def test_stand_in_then_gives_features_at_the_presumed_scale(name, kind, shape):
    features = load_features(TEACHERS / name)
    torch.manual_seed(0)
    found = features.content(torch.rand(1, 3, 64, 64) * 2 - 1)
    assert features.source.kind == kind
    assert found.shape == shape
    assert 0.1 < found.std().item() < 20
