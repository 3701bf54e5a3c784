"""Trained generators of the papers as weights files, and files made from files."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from livecartoon.errors import InputError, ModelError, UsageError
from livecartoon.models.checkpoint import identity_of, read_checkpoint, read_header
from livecartoon.models.demal import StyleEncoder
from livecartoon.models.papers import build_generator, load_paper
from livecartoon.models.pixelcyclegan import NestedUNet, NestedUNetConfig
from tests.drawing import drawn_photo, write_paper
from trainer.export_paper import export_generator, export_paper
from trainer.released import parity
from trainer.rework import blend_styles, with_norm

RIGHTS = {"style": "drawn", "license": "CC0-1.0", "license_data": "drawn by us"}


def photo_of(width: int, height: int) -> torch.Tensor:
    return torch.from_numpy(drawn_photo(width, height)).permute(2, 0, 1)[None] / 127.5 - 1


def load(path: Path):
    return load_paper(read_checkpoint(path))


@pytest.mark.parametrize("name", ["animegan3-tiny", "cartoonloss-tiny", "salcbam-tiny"])
def test_export_when_loaded_then_draws_as_the_trained_generator(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator, path = build_generator(name), tmp_path / "drawn.safetensors"
    with torch.no_grad():
        generator.train()(photo_of(32, 32))  # moves spectral vectors and running statistics
        wanted = generator.eval()(photo_of(40, 32))
        export_paper(generator.state_dict(), name, path, half=False, **RIGHTS)
        assert torch.allclose(load(path)(photo_of(40, 32)), wanted, atol=1e-5)
    header = read_header(path)
    assert header["arch"] == name.removesuffix("-tiny")
    assert header["norm"] == "live"
    assert "CC0-1.0" in path.with_suffix(".md").read_text()


def test_export_when_tensors_are_of_another_network_then_e604(tmp_path: Path) -> None:
    tensors = build_generator("whitebox-tiny").state_dict()
    with pytest.raises(ModelError, match="E604"):
        export_paper(tensors, "cartoongan-tiny", tmp_path / "a.safetensors", **RIGHTS)


def test_export_when_the_licence_is_missing_then_e201(tmp_path: Path) -> None:
    generator = build_generator("whitebox-tiny")
    with pytest.raises(UsageError, match="license_data"):
        export_generator(generator, tmp_path / "a.safetensors", style="a", license="b")


def test_export_when_a_weight_is_too_large_for_half_then_e606(tmp_path: Path) -> None:
    generator = build_generator("whitebox-tiny")
    generator.stem[0].weight.data[0] = 1e6
    with pytest.raises(ModelError, match="E606"):
        export_generator(generator, tmp_path / "a.safetensors", **RIGHTS)


def test_export_when_the_nested_u_net_is_cut_then_draws_its_shallow_head(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = NestedUNet(NestedUNetConfig((4, 4, 8, 8), deep_supervision=True)).eval()
    photo, path = photo_of(32, 16), tmp_path / "shallow.safetensors"
    with torch.no_grad():
        export_generator(network.at_depth(2), path, half=False, **RIGHTS)
        assert torch.allclose(load(path)(photo), network(photo, 2), atol=1e-6)
    with pytest.raises(ValueError, match="no head at depth 7"):
        network.at_depth(7)


def test_norm_when_frozen_on_photos_then_the_file_says_so_and_draws_alike(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), drawn_photo(64, 64)[:, :, ::-1])
    live = write_paper(tmp_path / "live.safetensors", "cartoongan-tiny")
    frozen = tmp_path / "frozen.safetensors"
    with_norm(live, frozen, "frozen", (tmp_path / "photo.png",))
    assert read_header(frozen)["norm"] == "frozen"
    assert read_header(frozen)["license"] == "none"
    with torch.no_grad():
        change = load(frozen)(photo_of(64, 64)) - load(live)(photo_of(64, 64))
    assert change.abs().max() < 0.01
    with pytest.raises(UsageError, match="frozen already"):
        with_norm(frozen, tmp_path / "again.safetensors", "live")


def test_norm_when_frozen_without_photos_then_e301(tmp_path: Path) -> None:
    live = write_paper(tmp_path / "live.safetensors", "cartoongan-tiny")
    with pytest.raises(InputError, match="E301"):
        with_norm(live, tmp_path / "frozen.safetensors", "frozen")


def test_identity_when_only_the_statistics_differ_then_differs(tmp_path: Path) -> None:
    live = write_paper(tmp_path / "live.safetensors", "cartoongan-tiny")
    with_norm(live, tmp_path / "clip.safetensors", "ema-inputs")
    headers = [read_header(path) for path in (live, tmp_path / "clip.safetensors")]
    assert headers[0]["sha256_tensors"] == headers[1]["sha256_tensors"]
    assert identity_of(headers[0]) != identity_of(headers[1])


def test_load_when_the_norm_is_unknown_then_e604(tmp_path: Path) -> None:
    path = write_paper(tmp_path / "live.safetensors", "cartoongan-tiny")
    checkpoint = read_checkpoint(path)
    header = checkpoint.header | {"norm": "batch"}
    with pytest.raises(ModelError, match="unknown norm 'batch'"):
        load_paper(replace(checkpoint, header=header))


def demal_files(folder: Path) -> list[Path]:
    """One network in two styles."""
    torch.manual_seed(0)
    network, encoder = build_generator("demal-tiny"), StyleEncoder(8)
    paths = []
    for number in range(2):
        with torch.no_grad():
            cartoons = torch.rand(3, 3, 32, 32) * (2 - number) - 1
            style = network.matcher.style_of(encoder(cartoons)).average()
        network.set_style(style)
        paths.append(folder / f"{number}.safetensors")
        export_generator(network, paths[-1], half=False, **RIGHTS)
    return paths


def test_demal_when_exported_then_its_style_folds_at_loading(tmp_path: Path) -> None:
    first, second = demal_files(tmp_path)
    tensors = read_checkpoint(first).tensors
    assert np.abs(tensors["style_spread"] - np.eye(4)).max() > 0.1
    loaded = load(first)
    assert torch.equal(loaded.style_spread, torch.eye(4)[None])
    assert (loaded(photo_of(32, 32)) - load(second)(photo_of(32, 32))).abs().max() > 1e-4


@pytest.mark.parametrize(("share", "same"), [(0.0, 0), (1.0, 1)])
def test_blend_when_the_share_is_an_end_then_that_style(
    share: float, same: int, tmp_path: Path
) -> None:
    files = demal_files(tmp_path)
    output = tmp_path / "blended.safetensors"
    blend_styles(*files, output, share)
    photo = photo_of(32, 32)
    assert torch.allclose(load(output)(photo), load(files[same])(photo), atol=1e-6)


def test_blend_when_half_then_the_mean_of_the_numbers(tmp_path: Path) -> None:
    files = demal_files(tmp_path)
    blend_styles(*files, tmp_path / "half.safetensors", 0.5)
    one, other, half = (
        read_checkpoint(path).tensors["style_mean"]
        for path in (*files, tmp_path / "half.safetensors")
    )
    assert np.allclose(half, (one + other) / 2, atol=1e-6)
    assert json.loads(read_header(tmp_path / "half.safetensors")["arch_config"])["width"] == 8


def test_blend_when_the_networks_differ_then_e202(tmp_path: Path) -> None:
    one, _ = demal_files(tmp_path)
    other = write_paper(tmp_path / "other.safetensors", "demal-tiny", seed=5)
    with pytest.raises(UsageError, match="two styles of one"):
        blend_styles(one, other, tmp_path / "out.safetensors", 0.5)


def test_parity_when_the_folder_is_empty_then_e301(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E301"):
        parity(build_generator("cartoongan-tiny"), tmp_path)


def test_parity_when_the_generator_draws_something_else_then_e604(tmp_path: Path) -> None:
    for name in ("1_in_40x32.png", "1_out_zero.png"):
        cv2.imwrite(str(tmp_path / name), drawn_photo(40, 32))
    with pytest.raises(ModelError, match=r"E604.*not 45"):
        parity(build_generator("cartoongan-tiny").eval(), tmp_path)
