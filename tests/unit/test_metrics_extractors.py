"""Feature extractors and perceptual distances, from drawn weights and, where shared, real ones."""

import cv2
import numpy as np
import pytest
import torch

from livecartoon.errors import ModelError, UsageError
from tests.drawing import drawn_photo
from trainer.metrics.extractors import open_extractor, scored
from trainer.metrics.frechet import frechet_distance
from trainer.metrics.perceptual import PerceptualDistance
from trainer.metrics.weights import read_weights

RAND_V1 = "4c7b6031c8f9088a"
SQUEEZENET_PLAN = {3: (64, 16, 64), 4: (128, 16, 64), 6: (128, 32, 128), 7: (256, 32, 128)}
SQUEEZENET_PLAN |= {9: (256, 48, 192), 10: (384, 48, 192), 11: (384, 64, 256), 12: (512, 64, 256)}


def crops(count, side=48, seed=0):
    photo = drawn_photo(160, 120)
    rng = np.random.default_rng(seed)
    corners = zip(
        rng.integers(0, 120 - side, count), rng.integers(0, 160 - side, count), strict=True
    )
    return [photo[y : y + side, x : x + side] for y, x in corners]


def drawn_kernels(shapes, seed=0):
    """Random tensors with He's deviation under the given names."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes.items():
        fan = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        drawn = torch.randn(shape, generator=generator) * (2 / fan) ** 0.5
        tensors[name] = drawn if len(shape) > 1 else torch.zeros(shape)
    return tensors


def squeezenet_shapes():
    shapes = {"features.0.weight": (64, 3, 3, 3), "features.0.bias": (64,)}
    for index, (given, narrow, wide) in SQUEEZENET_PLAN.items():
        for part, (out, inner, side) in {
            "squeeze": (narrow, given, 1),
            "expand1x1": (wide, narrow, 1),
            "expand3x3": (wide, narrow, 3),
        }.items():
            shapes[f"features.{index}.{part}.weight"] = (out, inner, side, side)
            shapes[f"features.{index}.{part}.bias"] = (out,)
    return shapes


@pytest.fixture
def squeezenet(tmp_path):
    path = tmp_path / "squeezenet.pth"
    torch.save(drawn_kernels(squeezenet_shapes()), path)
    return path


@pytest.mark.parametrize(("name", "dim"), [("rand-v1", 224), ("stats-v1", 12), ("squeezenet", 512)])
def test_features_in_batches_of_one_or_eight_then_equal(name, dim, squeezenet):
    extractor = open_extractor(f"{name}={squeezenet}" if name == "squeezenet" else name)
    pictures = crops(8)
    together = extractor(pictures)
    alone = np.concatenate([extractor([picture]) for picture in pictures])
    assert together.shape == (8, dim)
    assert np.abs(together - alone).max() < 1e-4
    assert extractor.kind == f"FD({name})"
    assert len(extractor.sha256) == 64


def test_random_features_then_the_same_network_everywhere():
    assert open_extractor("rand-v1").sha256.startswith(RAND_V1)


def test_random_features_of_a_grey_shift_then_blind_inside():
    """Zero-mean kernels do not see brightness but for the zeros around the picture."""
    extractor = open_extractor("rand-v1")
    dark, light = (np.full((64, 64, 3), level, np.uint8) for level in (60, 190))
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    near, far = (np.abs(extractor([p]) - extractor([dark])).sum() for p in (light, noise))
    assert near < 0.2 * far


@pytest.mark.parametrize("damage", ["blur", "noise", "darkening"])
def test_random_features_of_growing_damage_then_growing_distance(damage):
    extractor = open_extractor("rand-v1")
    rng = np.random.default_rng(1)

    def damaged(picture, level):
        if damage == "blur":
            return cv2.GaussianBlur(picture, (0, 0), level)
        noise = rng.normal(0, 6 * level, picture.shape) if damage == "noise" else 0
        gain = 1 - 0.15 * level if damage == "darkening" else 1
        return np.clip(picture * gain + noise, 0, 255).astype(np.uint8)

    reference = extractor(crops(60, seed=1))
    found = [
        frechet_distance(scored(extractor(pictures), reference), scored(reference, reference))
        for pictures in (
            [damaged(picture, level) for picture in crops(60, seed=2)] for level in (0.5, 1, 2, 4)
        )
    ]
    assert found == sorted(found)
    assert found[-1] > 2 * found[0]


def test_scored_features_of_the_reference_then_mean_zero_deviation_one():
    features = np.random.default_rng(0).normal(3, 5, (50, 4))
    features[:, 3] = 7
    found = scored(features, features)
    assert np.abs(found.mean(0)).max() < 1e-12
    assert found.std(0) == pytest.approx([1, 1, 1, 0])


def test_extractor_that_is_unknown_or_lacks_its_file_then_usage_error(tmp_path):
    for text in ("resnet", "inception"):
        with pytest.raises(UsageError, match="E201"):
            open_extractor(text)
    with pytest.raises(ModelError, match="E601"):
        open_extractor(f"inception={tmp_path / 'none.pth'}")


def test_weights_of_another_network_then_the_missing_tensor_is_named(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"conv.weight": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match=r"other\.pth has no tensor 'features\.0\.weight'"):
        open_extractor(f"squeezenet={path}")(crops(1))


@pytest.mark.parametrize("content", [b"", b"PK garbage", b"\x80\x02."])
def test_weights_that_are_no_tensors_then_model_error(content, tmp_path):
    for name in ("bad.pth", "bad.safetensors"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ModelError, match="E602"):
            read_weights(path)


def test_perceptual_distance_without_heads_then_named_as_stand_in(squeezenet):
    distance = PerceptualDistance("squeezenet", squeezenet)
    photo = drawn_photo(96, 64)
    near, far = (cv2.GaussianBlur(photo, (0, 0), sigma) for sigma in (1, 4))
    assert distance.name == "PD(squeeze)"
    assert distance(photo, photo) == 0
    assert 0 < distance(photo, near) < distance(photo, far)


def test_perceptual_distance_with_heads_then_their_weighted_sum(squeezenet, tmp_path):
    widths = (64, 128, 256, 384, 384, 512, 512)
    heads = {f"lin{i}.model.1.weight": torch.full((1, w, 1, 1), 2.0) for i, w in enumerate(widths)}
    path = tmp_path / "heads.pth"
    torch.save(heads, path)
    plain, weighted = (PerceptualDistance("squeezenet", squeezenet, f) for f in (None, path))
    photo = drawn_photo(96, 64)
    blurred = cv2.GaussianBlur(photo, (0, 0), 2)
    assert weighted.name == "LPIPS(squeeze)"
    assert weighted(photo, blurred) == pytest.approx(2 * plain(photo, blurred), rel=1e-5)


def inception_shapes():
    """Kernels (out, in, height, width) of Inception v3 by name."""
    shapes = {
        "Conv2d_1a_3x3": (32, 3, 3, 3),
        "Conv2d_2a_3x3": (32, 32, 3, 3),
        "Conv2d_2b_3x3": (64, 32, 3, 3),
        "Conv2d_3b_1x1": (80, 64, 1, 1),
        "Conv2d_4a_3x3": (192, 80, 3, 3),
    }
    for block, given, pool in (("5b", 192, 32), ("5c", 256, 64), ("5d", 288, 64)):
        parts = {"branch1x1": (64, given, 1, 1), "branch5x5_1": (48, given, 1, 1)}
        parts |= {"branch5x5_2": (64, 48, 5, 5), "branch3x3dbl_1": (64, given, 1, 1)}
        parts |= {"branch3x3dbl_2": (96, 64, 3, 3), "branch3x3dbl_3": (96, 96, 3, 3)}
        shapes |= _block(block, parts | {"branch_pool": (pool, given, 1, 1)})
    parts = {"branch3x3": (384, 288, 3, 3), "branch3x3dbl_1": (64, 288, 1, 1)}
    shapes |= _block(
        "6a", parts | {"branch3x3dbl_2": (96, 64, 3, 3), "branch3x3dbl_3": (96, 96, 3, 3)}
    )
    for block, c in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        parts = {"branch1x1": (192, 768, 1, 1), "branch7x7_1": (c, 768, 1, 1)}
        parts |= {"branch7x7_2": (c, c, 1, 7), "branch7x7_3": (192, c, 7, 1)}
        parts |= {"branch7x7dbl_1": (c, 768, 1, 1), "branch7x7dbl_2": (c, c, 7, 1)}
        parts |= {"branch7x7dbl_3": (c, c, 1, 7), "branch7x7dbl_4": (c, c, 7, 1)}
        parts |= {"branch7x7dbl_5": (192, c, 1, 7), "branch_pool": (192, 768, 1, 1)}
        shapes |= _block(block, parts)
    parts = {"branch3x3_1": (192, 768, 1, 1), "branch3x3_2": (320, 192, 3, 3)}
    parts |= {"branch7x7x3_1": (192, 768, 1, 1), "branch7x7x3_2": (192, 192, 1, 7)}
    shapes |= _block(
        "7a", parts | {"branch7x7x3_3": (192, 192, 7, 1), "branch7x7x3_4": (192, 192, 3, 3)}
    )
    for block, given in (("7b", 1280), ("7c", 2048)):
        parts = {"branch1x1": (320, given, 1, 1), "branch3x3_1": (384, given, 1, 1)}
        parts |= {"branch3x3_2a": (384, 384, 1, 3), "branch3x3_2b": (384, 384, 3, 1)}
        parts |= {"branch3x3dbl_1": (448, given, 1, 1), "branch3x3dbl_2": (384, 448, 3, 3)}
        parts |= {"branch3x3dbl_3a": (384, 384, 1, 3), "branch3x3dbl_3b": (384, 384, 3, 1)}
        shapes |= _block(block, parts | {"branch_pool": (192, given, 1, 1)})
    return shapes


def _block(name, parts):
    return {f"Mixed_{name}.{part}": shape for part, shape in parts.items()}


@pytest.mark.slow
def test_inception_from_a_file_then_2048_features_and_no_fid(tmp_path):
    kernels = inception_shapes()
    tensors = drawn_kernels({f"{name}.conv.weight": shape for name, shape in kernels.items()})
    learned = sum(t.numel() for t in tensors.values()) + 2 * sum(s[0] for s in kernels.values())
    assert learned == 21_785_568  # as published, without the classifiers
    for name, shape in kernels.items():
        for part, value in {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}.items():
            tensors[f"{name}.bn.{part}"] = torch.full((shape[0],), float(value))
    path = tmp_path / "inception.pth"
    torch.save(tensors, path)
    fid, art = open_extractor(f"inception={path}"), open_extractor(f"art-inception={path}")
    assert fid.kind == f"FD(inception-{fid.sha256[:8]})"
    assert art.kind == "FD(art-inception)"
    found = [extractor(crops(1))[0] for extractor in (fid, art)]
    assert all(vector.shape == (2048,) and np.isfinite(vector).all() for vector in found)
    assert np.abs(found[0]).max() > 0


def test_squeezenet_from_the_shared_file_then_content_distances_are_ordered(shared_data):
    path = shared_data / "teachers" / "squeezenet1_1_fp16.safetensors"
    distance = PerceptualDistance("squeezenet", path)
    photo = drawn_photo(192, 128)
    graded = np.clip(255 * (photo / 255) ** 1.2, 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(photo, (0, 0), 3)
    other = np.ascontiguousarray(photo[::-1, ::-1])
    assert distance(photo, graded) < distance(photo, blurred) < distance(photo, other)
