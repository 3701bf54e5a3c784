"""The papers' critics: counts, fields, and who learns in which step."""

from importlib import import_module

import pytest
import torch
from torch import nn

from livecartoon.models.cartoonloss import CartoonLoss, CartoonLossConfig
from livecartoon.models.generator import fold
from livecartoon.models.norms import AdaptiveNorm, InstanceNorm, LayerNorm
from livecartoon.models.papers import build_generator
from trainer.discriminators import DISCRIMINATORS
from trainer.discriminators.animegan import AnimeGANDiscriminator
from trainer.discriminators.cartoongan import CartoonGANDiscriminator
from trainer.discriminators.cartoonloss import CartoonLossDiscriminator
from trainer.discriminators.demal import surface_view, texture_view
from trainer.discriminators.nice import NICEEncoder
from trainer.discriminators.whitebox import WhiteBoxDiscriminator
from trainer.losses.adversarial import bce_critic_loss, bce_generator_loss

#: Name -> parameters, GMAC, side of the input, side of the logits, field.
FACTS = {
    "animegan1": (1_128_800, 5.80, 256, 64, 37),
    "animegan2": (1_128_800, 5.80, 256, 64, 37),
    "animegan3": (693_088, 1.92, 256, 32, 49),
    "cartoongan": (1_129_665, 5.80, 256, 64, 37),
    "cartoonloss": (1_128_800, 5.80, 256, 64, 37),
    "demal-local": (389_665, 3.709, 512, 64, 33),
    "demal-surface": (287_395, 2.474, 512, 64, 43),
    "nice": (46_874_433, 6.0, 256, 30, 70),
    "patchgan": (2_764_737, 3.147, 256, 30, 70),
    "whitebox-surface": (287_137, 0.62, 256, 32, 43),
    "whitebox-texture": (286_561, 0.61, 256, 32, 43),
}


def build(name: str, **changes: object) -> nn.Module:
    place, arguments = DISCRIMINATORS[name]
    module, _, kind = place.partition(":")
    return getattr(import_module(module), kind)(**{**arguments, **changes})


def channels(name: str) -> int:
    return 1 if name in ("demal-local", "whitebox-texture") else 3


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_critic_when_built_then_has_the_papers_parameters_work_and_patches(name: str) -> None:
    parameters, giga_macs, side, patches, _ = FACTS[name]
    work = []
    with torch.device("meta"):
        critic = build(name)
        for module in critic.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.register_forward_hook(
                    lambda conv, _, out: work.append(conv.weight.numel() * out[0, 0].numel())
                )
        logits = critic(torch.empty(1, channels(name), side, side))
    assert sum(p.numel() for p in critic.parameters()) == parameters
    assert sum(work) / 1e9 == pytest.approx(giga_macs, rel=5e-3)
    logits = logits if isinstance(logits, torch.Tensor) else logits.local
    assert logits.shape == (1, 3 if name == "demal-surface" else 1, patches, patches)


def localised(module: nn.Module) -> nn.Module:
    for name, child in module.named_children():
        if isinstance(child, AdaptiveNorm | InstanceNorm | LayerNorm):
            setattr(module, name, nn.Identity())
        else:
            localised(child)
    if isinstance(module, nn.Conv2d):
        with torch.no_grad():
            module.weight.fill_(1 / module.weight[0].numel())
    return module


@pytest.mark.parametrize("name", set(DISCRIMINATORS) - {"nice"})
def test_critic_when_norms_are_off_then_judges_patches_of_its_size(name: str) -> None:
    critic = localised(fold(build(name, width=2))).double()
    picture = torch.rand(1, channels(name), 160, 160, dtype=torch.float64, requires_grad=True)
    logits = critic(picture)
    middle = logits.shape[-1] // 2
    (slope,) = torch.autograd.grad(logits[0, 0, middle, middle], picture)
    rows = slope.abs().sum((0, 1, 3)).nonzero().flatten()
    assert int(rows[-1] - rows[0] + 1) == FACTS[name][4]


@pytest.mark.parametrize(
    ("critic", "expected"),
    [
        (lambda: CartoonGANDiscriminator(8), 71_601),
        (lambda: AnimeGANDiscriminator(width=8), 71_384),
        (lambda: CartoonLossDiscriminator(width=8), 71_384),
        (lambda: WhiteBoxDiscriminator(width=8), 18_217),
    ],
)
def test_tiny_critic_when_built_then_has_the_specified_parameters(critic, expected: int) -> None:
    assert sum(p.numel() for p in critic().parameters()) == expected


def test_nice_encoder_when_built_then_has_the_specified_parameters() -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in NICEEncoder().parameters()) == 167_489


def test_demal_views_when_taken_then_twice_the_size() -> None:
    picture = torch.rand(1, 3, 16, 16)
    assert surface_view(picture).shape == (1, 3, 32, 32)
    assert texture_view(picture[:, :1]).shape == (1, 1, 32, 32)
    assert surface_view(picture, 1).shape == picture.shape


class Pair:
    """CartoonLossGAN's networks with their shared encoder."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.generator = CartoonLoss(CartoonLossConfig(8, 2))
        self.critic = CartoonLossDiscriminator(self.generator.encoder, 8)
        self.photo, self.cartoon = torch.rand(2, 2, 3, 32, 32) * 2 - 1

    def learns(self, module: nn.Module) -> list[bool]:
        return [bool(p.grad is not None and p.grad.abs().sum() > 0) for p in module.parameters()]


def test_routing_in_the_critics_step_then_encoder_and_head_learn_alone() -> None:
    pair = Pair()
    with torch.no_grad():
        fake = pair.generator(pair.photo)
    bce_critic_loss(pair.critic(pair.cartoon), pair.critic(fake)).backward()
    assert pair.learns(pair.generator.encoder) == [True] * 6
    assert pair.learns(pair.critic.head) == [True] * 7
    assert not any(pair.learns(pair.generator.decoder))


def test_routing_in_the_generators_step_then_the_decoder_learns_alone() -> None:
    pair = Pair()
    pair.critic.requires_grad_(False).eval()
    before = {k: v.clone() for k, v in pair.generator.encoder.state_dict().items()}
    with torch.no_grad():
        features = pair.generator.encoder(pair.photo)
    fake = pair.generator.decode(features)
    bce_generator_loss(pair.critic(fake)).backward()
    assert all(pair.learns(pair.generator.decoder))
    assert not any(pair.learns(pair.critic))
    after = pair.generator.encoder.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_shared_encoder_when_run_in_train_mode_then_its_spectral_vectors_move() -> None:
    encoder = Pair().generator.encoder.train()
    before = {k: v.clone() for k, v in encoder.state_dict().items()}
    encoder(torch.rand(1, 3, 32, 32))
    moved = [k for k, v in encoder.state_dict().items() if not torch.equal(before[k], v)]
    assert len(moved) == 8
    assert all(k.endswith(("_u", "_v")) for k in moved)


def test_salcbam_when_judged_then_the_saliency_network_learns_too() -> None:
    generator = build_generator("salcbam-tiny")
    generator(torch.rand(1, 3, 32, 32)).mean().backward()
    learnt = [n for n, p in generator.saliency.named_parameters() if p.grad is not None]
    assert learnt
    assert not any(n.startswith("head") for n in learnt)


def test_salcbam_when_only_the_saliency_loss_counts_then_the_generator_rests() -> None:
    generator = build_generator("salcbam-tiny")
    _, saliency = generator.with_saliency(torch.rand(1, 3, 32, 32))
    assert saliency.shape == (1, 1, 32, 32)
    saliency.mean().backward()
    learnt = [n for n, p in generator.named_parameters() if p.grad is not None]
    assert learnt
    assert all(n.startswith("saliency.") for n in learnt)


def test_salcbam_when_detached_then_the_saliency_network_rests() -> None:
    generator = build_generator("salcbam-tiny", sal_detach=True, cbam=False)
    generator(torch.rand(1, 3, 32, 32)).mean().backward()
    learnt = {n.partition(".")[0] for n, p in generator.named_parameters() if p.grad is not None}
    assert learnt
    assert "saliency" not in learnt


def test_salcbam_when_plain_then_has_the_same_parameters() -> None:
    plain = build_generator("salcbam-tiny", residual_saliency=False)
    assert sum(p.numel() for p in plain.parameters()) == 393_098
