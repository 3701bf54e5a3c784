"""Gradients of single losses, roles of critics, schedules: what the papers' recipes promise."""

import pytest
import torch
from torch import nn

from livecartoon.errors import UsageError
from tests.drawing import write_unpaired
from trainer.options import training
from trainer.pool import ImagePool
from trainer.recipes import find_recipe
from trainer.recipes.base import Moment
from trainer.recipes.weights import raw_weight

SMALL = ("crop=64", "batch=2")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_unpaired(tmp_path_factory.mktemp("unpaired") / "data")


def build(model, data, *parameters):
    torch.manual_seed(0)
    config = training(model, str(data), "paper", parameters=(*SMALL, *parameters))
    recipe = find_recipe(model)(config)
    recipe.batches = recipe.loader(0, 1)
    return recipe


def learnt(network):
    """Names of parameters with a gradient that is not zero."""
    return {n for n, p in network.named_parameters() if p.grad is not None and p.grad.any()}


def moves_of(recipe, step, player):
    """The move of one player at a step, with everything before it made."""
    moment = Moment(step, step / recipe.steps, 0)
    recipe.schedule(moment)
    for move in recipe.moves(recipe.batches(step), moment):
        if move.player == player:
            return move
        optimizer = recipe.optimizers[move.player]
        optimizer.zero_grad()
        move.total().backward()
        optimizer.step()
    raise AssertionError(player)


def test_cartoonloss_when_only_the_critic_judges_then_the_whole_decoder_learns(data):
    recipe = build("cartoonloss-tiny", data, "init_epochs=0", "main_epochs=2")
    move = moves_of(recipe, 1, "artist")
    for network in recipe.players.values():
        network.zero_grad()
    move.terms["adversarial"].value.backward()
    assert learnt(recipe.generator.decoder)
    assert not learnt(recipe.critic)


def test_cartoonloss_when_the_critic_moves_then_encoder_and_head_learn(data):
    recipe = build("cartoonloss-tiny", data, "init_epochs=0", "main_epochs=2")
    moves_of(recipe, 0, "critic").total().backward()
    encoder = learnt(recipe.generator.encoder)
    assert len(encoder) == 6
    assert all("original" in name or "weight" in name or "bias" in name for name in encoder)
    assert len(learnt(recipe.critic.head)) == 7
    assert not learnt(recipe.generator.decoder)


def test_cartoonloss_in_the_first_phase_then_photos_are_real(data):
    recipe = build("cartoonloss-tiny", data, "init_epochs=2", "main_epochs=2")
    move = moves_of(recipe, 0, "critic")
    assert set(move.terms) == {"real", "fake"}
    assert set(moves_of(recipe, 1, "artist").terms) == {"content"}


def test_salcbam_when_only_the_critic_judges_then_the_saliency_network_learns(data):
    recipe = build("salcbam-tiny", data, "init_epochs=0", "main_epochs=2", "critic_width=8")
    move = moves_of(recipe, 0, "artist")
    move.terms["saliency"].value.backward(retain_graph=True)
    assert learnt(recipe.generator.saliency)
    assert not learnt(recipe.generator.encoder)
    recipe.generator.zero_grad()
    move.terms["adversarial"].value.backward()
    assert learnt(recipe.generator.saliency)
    assert learnt(recipe.generator.encoder)


def test_salcbam_in_the_first_phase_then_content_leaves_the_saliency_network_alone(data):
    recipe = build("salcbam-tiny", data, "init_epochs=2", "main_epochs=2", "critic_width=8")
    move = moves_of(recipe, 0, "artist")
    move.terms["content"].value.backward()
    assert not learnt(recipe.generator.saliency)
    assert learnt(recipe.generator.joins)


def test_demal_in_the_first_phase_then_the_style_encoder_stands_still(data):
    recipe = build("demal-tiny", data, "init_epochs=2", "main_epochs=2", "upscale=1")
    moves_of(recipe, 0, "artist").total().backward()
    assert learnt(recipe.generator)
    assert not learnt(recipe.style_encoder)


def test_demal_in_the_main_phase_then_both_encoders_learn(data):
    recipe = build("demal-tiny", data, "init_epochs=0", "main_epochs=2", "upscale=1")
    moves_of(recipe, 0, "artist").total().backward()
    assert learnt(recipe.style_encoder)
    assert learnt(recipe.generator.content)


class Brightness(nn.Module):
    """A critic that calls bright pictures real: logit = mean pixel."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(()))

    def forward(self, picture):
        return picture.mean((1, 2, 3)) + 0 * self.unused


def test_pixelcyclegan_with_cells_then_only_the_drawing_is_painted_in_them(data):
    recipe = build("pixelcyclegan-tiny", data, "cell=4", "critic_width=8", "pool=2")
    there, back = recipe.generator.config, recipe.back.config
    assert (there.cell, there.skip_cell) == (4, 1)
    assert (back.cell, back.skip_cell) == (1, 4)


def test_pixelcyclegan_as_in_the_paper_then_knows_no_cells(data):
    recipe = build("pixelcyclegan-tiny", data, "critic_width=8", "pool=2")
    for network in (recipe.generator, recipe.back):
        assert (network.config.cell, network.config.skip_cell) == (1, 1)


def test_pixelcyclegan_when_the_cell_does_not_divide_the_crop_then_e201(data):
    with pytest.raises(UsageError, match="cell 5 does not divide crop 64"):
        build("pixelcyclegan-tiny", data, "cell=5")


@pytest.mark.parametrize("model", ["cyclegan-tiny", "pixelcyclegan-tiny"])
@pytest.mark.parametrize("domain", ["cartoon", "photo"])
def test_cyclegan_when_a_critic_likes_light_then_its_own_generator_brightens(model, domain, data):
    recipe = build(
        model,
        data,
        *("cycle_weight=0", "identity_weight=0", "critic_width=8", "learning_rate=1e-3"),
    )
    if model.startswith("pixel"):
        recipe.config = recipe.config.with_parameters(("topology_weight=0",))
    other = {"cartoon": "photo", "photo": "cartoon"}[domain]
    critics = recipe.players["critics"]
    critics[domain] = Brightness()
    batch = recipe.batches(0)
    networks = {"cartoon": (recipe.generator, batch.photo), "photo": (recipe.back, batch.cartoon)}
    network, picture = networks[domain]
    before = network(picture).mean().item()
    move = moves_of(recipe, 0, "artist")
    move.terms[f"fool_{domain}"].value.backward()
    recipe.optimizers["artist"].step()
    assert network(picture).mean().item() > before
    assert not learnt(networks[other][0])


def test_spectral_norm_then_stands_still_while_the_artist_moves(data):
    recipe = build("cartoonloss-tiny", data, "init_epochs=0", "main_epochs=2")
    vectors = {n: b.clone() for n, b in recipe.critic.named_buffers() if n.endswith(("_u", "_v"))}
    with recipe.playing("artist"):
        recipe.critic(torch.randn(1, 3, 64, 64))
    assert vectors
    assert all(torch.equal(vectors[n], b) for n, b in recipe.critic.named_buffers() if n in vectors)
    with recipe.playing("critic"):
        recipe.critic(torch.randn(1, 3, 64, 64))
    assert any(
        not torch.equal(vectors[n], b) for n, b in recipe.critic.named_buffers() if n in vectors
    )


def test_perceptual_network_then_learns_nothing_but_passes_gradients_on(data):
    recipe = build("cartoongan-tiny", data)
    picture = torch.zeros(1, 3, 64, 64, requires_grad=True)
    recipe.content_of(picture).sum().backward()
    assert picture.grad.any()
    assert not any(p.requires_grad or p.grad is not None for p in recipe.features.parameters())


@pytest.mark.parametrize(
    ("epoch", "factor"), [(0, 1), (99, 1), (100, 0.990099), (150, 0.495050), (199, 0.009901)]
)
def test_cyclegan_rate_then_falls_over_the_last_hundred_epochs(epoch, factor, data):
    rates = build("cyclegan-tiny", data, "pool=2", "critic_width=8").rates(epoch, "main")
    assert rates["artist"] == pytest.approx(2e-4 * factor, abs=1e-9)


@pytest.mark.parametrize(("epoch", "rate"), [(20, 2e-4), (119, 2e-4), (145, 1e-4), (170, 0)])
def test_demal_rate_then_falls_over_the_last_third(epoch, rate, data):
    recipe = build("demal-tiny", data)
    assert recipe.rates(epoch, "main")["artist"] == pytest.approx(rate, abs=1e-9)
    assert recipe.rates(0, "init")["artist"] == 2e-3


@pytest.mark.parametrize(("epoch", "rate"), [(10, 2e-4), (109, 2e-4), (110, 2e-5), (160, 2e-6)])
def test_cartoongan_rate_then_falls_after_a_half_and_three_quarters(epoch, rate, data):
    recipe = build("cartoongan-tiny", data)
    assert recipe.rates(epoch, "main")["artist"] == pytest.approx(rate)


@pytest.mark.parametrize(("epoch", "weight"), [(0, 0.25), (1, 0.24), (10, 0.166208)])
def test_salcbam_content_weight_then_decays_with_the_adversarial_epochs(epoch, weight, data):
    recipe = build("salcbam-tiny", data)
    step = (10 + epoch) * recipe.epoch_steps
    moment = Moment(step, step / recipe.steps, 0)
    assert recipe.content_weight(moment) == pytest.approx(weight, abs=1e-6)


def test_epochs_when_a_run_is_shortened_then_the_schedule_is_stretched(data):
    recipe = build("demal-tiny", data, "steps=85")
    assert recipe.steps == 85
    assert recipe.epoch(Moment(10, 10 / 85, 0)) == pytest.approx(20, abs=1e-3)
    whole = build("demal-tiny", data)
    assert whole.steps == 170 * 2
    assert [whole.phase(Moment(s, s / 340, 0)) for s in (39, 40)] == ["init", "main"]


def test_main_phase_when_entered_then_the_critics_forget_their_moments(data):
    recipe = build("cartoonloss-tiny", data, "init_epochs=1", "main_epochs=1")
    moves_of(recipe, 1, "artist")
    assert recipe.optimizers["critic"].state
    recipe.schedule(Moment(2, 0.5, 0))
    assert not recipe.optimizers["critic"].state
    assert bool(recipe.memory["phase"].is_main)


def test_weights_then_start_as_the_papers_say(data):
    critic = build("cartoonloss-tiny", data).critic.head.body[0]
    assert raw_weight(critic).std().item() == pytest.approx(0.02, rel=0.1)
    with torch.no_grad():
        critic.eval()
        assert torch.linalg.matrix_norm(critic.weight.flatten(1), 2).item() == pytest.approx(
            1, abs=0.05
        )


def test_faithful_demal_then_shows_the_texture_critic_the_surface(data):
    ours, theirs = (
        build("demal-tiny", data, f"faithful={is_it}", "upscale=1") for is_it in ("false", "true")
    )
    picture, gray = torch.rand(1, 3, 64, 64), torch.tensor([0.3, 0.6, 0.1])
    ours_seen, theirs_seen = (r._views(picture, gray)[1] for r in (ours, theirs))
    assert theirs_seen.std() < 0.5 * ours_seen.std()
    assert theirs.generator.config.align_corners


def test_pool_when_full_then_gives_old_pictures_half_the_time():
    pool, random = ImagePool(4, 2), torch.Generator().manual_seed(0)
    first = torch.arange(4.0).reshape(4, 1, 1, 1).expand(4, 3, 2, 2)
    assert torch.equal(pool.exchange(first, random), first)
    given = pool.exchange(first[:1].expand(400, 3, 2, 2) + 100, random)
    assert 150 < (given[:, 0, 0, 0] == 100).sum() < 400
    assert set(given[:, 0, 0, 0].tolist()) <= {0.0, 1.0, 2.0, 3.0, 100.0}
