"""The contract that every generator of the papers keeps, and the specification's counts."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from livecartoon.errors import ModelError, UsageError
from livecartoon.models.checkpoint import read_checkpoint, write_checkpoint
from livecartoon.models.generator import Generator, Painter, fold, paint
from livecartoon.models.papers import PAPERS, build_generator, load_paper

TINY = [name for name in PAPERS if name.endswith("-tiny")]
PARAMETERS = {
    "animegan1": 3_956_096,
    "animegan2": 2_143_552,
    "animegan2-lite": 698_240,
    "animegan2-lite-2020": 962_368,
    "animegan2-tiny": 103_760,
    "animegan3": 1_027_520,
    "cartoongan": 11_129_667,
    "cartoongan-light": 891_507,
    "cartoongan-tiny": 257_235,
    "cartoonloss": 2_102_272,
    "cartoonloss-tiny": 100_352,
    "cyclegan": 11_378_179,
    "cyclegan-light": 1_965_059,
    "demal": 11_646_412,
    "pixelcyclegan": 558_883,
    "pixelcyclegan-slim": 2_290_179,
    "pixelcyclegan-standard": 9_156_099,
    "pixelcyclegan-tiny": 140_051,
    "salcbam": 16_789_674,
    "salcbam-tiny": 393_098,
    "whitebox": 1_467_075,
    "whitebox-tiny": 56_755,
}
GIGA_MACS = {
    "animegan1": 31.06,
    "animegan2": 26.29,
    "animegan2-lite": 7.15,
    "animegan2-lite-2020": 10.59,
    "animegan3": 7.36,
    "cartoongan": 61.63,
    "cartoongan-light": 8.33,
    "cartoonloss": 26.34,
    "cyclegan": 56.799,
    "demal": 63.6,
    "demal-xs": 4.11,
    "pixelcyclegan": 5.09,
    "pixelcyclegan-slim": 8.64,
    "pixelcyclegan-standard": 34.49,
    "pixelcyclegan-tiny": 1.28,
    "salcbam": 95.27,
    "whitebox": 8.17,
}


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def giga_macs(generator: Generator, side: int = 256) -> float:
    """Of the convolutions alone; the generator lies on the meta device."""
    total = 0

    def add(conv: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        nonlocal total
        spread = inputs[0] if isinstance(conv, nn.ConvTranspose2d) else output
        total += conv.weight.numel() * spread.shape[2] * spread.shape[3]

    for module in generator.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(add)
    photo = torch.empty(1, 3, side, side, device="meta")
    assert generator(photo).shape == photo.shape
    return total / 1e9


@pytest.mark.parametrize("name", PAPERS)
def test_generator_when_built_then_has_the_specified_parameters_work_and_size(name: str) -> None:
    with torch.device("meta"):
        generator = build_generator(name)
        work = giga_macs(generator)  # asserts the size
    assert count(generator) == PARAMETERS.get(name, count(generator))
    assert work == pytest.approx(GIGA_MACS.get(name, work), rel=3e-3)
    assert json.loads(json.dumps(generator.config_dict()))


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("cartoongan", {"upsample": "deconv"}, 54.38),
        ("cyclegan", {"upsample": "deconv"}, 49.552),
        ("cyclegan", {"upsample": "deconv", "blocks": 6}, 35.056),
        ("cyclegan-light", {"upsample": "deconv"}, 9.072),
        ("demal", {"width": 32}, 16.05),
    ],
)
def test_variant_when_run_at_256_then_costs_what_the_specification_says(
    name: str, changes: dict[str, object], expected: float
) -> None:
    with torch.device("meta"):
        assert giga_macs(build_generator(name, **changes)) == pytest.approx(expected, rel=4e-3)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("size", [(16, 16), (17, 31)])
def test_paint_when_given_any_size_then_keeps_it(name: str, size: tuple[int, int]) -> None:
    generator = build_generator(name).eval()
    photo = torch.rand(1, 3, *size) * 2 - 1
    with torch.no_grad():
        cartoon = paint(generator, photo)
    assert cartoon.shape == photo.shape
    assert torch.isfinite(cartoon).all()
    assert name.startswith("whitebox") or cartoon.abs().max() <= 1


def test_paint_when_too_small_then_refuses() -> None:
    with pytest.raises(ValueError, match="15x64 is smaller than 16x16"):
        paint(build_generator("whitebox-tiny"), torch.zeros(1, 3, 64, 15))


@pytest.mark.parametrize("name", TINY)
def test_generator_when_trained_one_step_then_every_parameter_has_a_gradient(name: str) -> None:
    generator = build_generator(name).train()
    generator(torch.rand(1, 3, 32, 32) * 2 - 1).square().mean().backward()
    unused = [n for n, p in generator.named_parameters() if p.grad is None]
    assert [n for n in unused if not n.startswith("saliency.head")] == []


@pytest.mark.parametrize("name", TINY)
def test_fold_when_called_twice_then_answers_stay(name: str) -> None:
    torch.manual_seed(0)
    generator = build_generator(name)
    photo = torch.rand(2, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        generator.train()(photo)  # moves spectral vectors and running statistics
        before = generator.eval()(photo)
        fold(fold(generator))
        assert torch.allclose(generator(photo), before, atol=1e-5)
    assert not any(hasattr(module, "parametrizations") for module in generator.modules())
    assert not any(p.requires_grad for p in generator.parameters())


@pytest.mark.parametrize("name", TINY)
def test_generator_when_written_and_loaded_then_draws_the_same(name: str, tmp_path: Path) -> None:
    generator = fold(build_generator(name))
    path = tmp_path / "paper.safetensors"
    arch = name.removesuffix("-tiny")
    header = {"arch": arch, "arch_config": json.dumps(generator.config_dict())}
    write_checkpoint(path, {k: v.numpy() for k, v in generator.state_dict().items()}, header)
    loaded = load_paper(read_checkpoint(path))
    photo = torch.rand(1, 3, 32, 32) * 2 - 1
    assert torch.equal(loaded(photo), generator(photo))
    assert not loaded.training


def test_load_paper_when_a_shape_differs_then_e604(tmp_path: Path) -> None:
    path = tmp_path / "paper.safetensors"
    header = {"arch": "whitebox", "arch_config": '{"width": 8}'}
    write_checkpoint(path, {"stem.0.weight": np.zeros((2, 2), np.float32)}, header)
    with pytest.raises(ModelError, match="E604"):
        load_paper(read_checkpoint(path))


@pytest.mark.parametrize("config", ['{"width": 0}', '{"depth": 3}', '{"width": "x"}'])
def test_load_paper_when_the_configuration_is_bad_then_e604(config: str, tmp_path: Path) -> None:
    path = tmp_path / "paper.safetensors"
    write_checkpoint(
        path, {"a": np.zeros(1, np.float32)}, {"arch": "whitebox", "arch_config": config}
    )
    with pytest.raises(ModelError, match="E604"):
        load_paper(read_checkpoint(path))


def test_build_generator_when_misspelt_then_suggests() -> None:
    with pytest.raises(UsageError, match="unknown generator 'cartongan'") as caught:
        build_generator("cartongan")
    assert "cartoongan" in caught.value.remedies[0]


def test_build_generator_when_a_field_is_unknown_then_e201() -> None:
    with pytest.raises(UsageError, match="colour"):
        build_generator("whitebox", colour=3)


def test_papers_when_listed_then_sorted_and_every_one_has_a_tiny_twin() -> None:
    assert list(PAPERS) == sorted(PAPERS)
    places = {PAPERS[name].place for name in TINY}
    assert {paper.place for paper in PAPERS.values()} == places


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", ["animegan2-tiny", "pixelcyclegan-tiny", "whitebox-tiny"])
def test_generator_when_converted_for_openvino_then_draws_the_same(name: str) -> None:
    openvino = pytest.importorskip("openvino")
    generator = fold(build_generator(name))
    photo = torch.rand(1, 3, 33, 46) * 2 - 1
    painter = Painter(generator, 33, 46)
    graph = openvino.convert_model(painter, example_input=photo, input=[1, 3, 33, 46])
    compiled = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    drawn = compiled(photo.numpy())[0]
    assert np.abs(drawn - painter(photo).numpy()).max() < 2e-3
