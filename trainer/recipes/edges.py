"""What CartoonGAN and the paper that adds saliency to it share: a critic of edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from trainer.data.unpaired import Batch
from trainer.discriminators.cartoongan import CartoonGANDiscriminator
from trainer.recipes.base import Move, Term
from trainer.recipes.paper import PaperRecipe, accuracy


class EdgeRecipe(PaperRecipe):
    """One generator, and one critic that is shown edge-smoothed cartoons as well."""

    config: Any

    def cast(self) -> None:
        """One generator with all that is in it, one critic."""
        self.players["artist"] = self.generator
        self.players["critic"] = CartoonGANDiscriminator(self.config.critic_width)

    def critic_move(
        self,
        batch: Batch,
        loss: Callable[[Tensor, float], Tensor],
        threshold: float,
        smoothed_weight: float = 1.0,
    ) -> Move:
        """The critic tells cartoons from generated and edge-smoothed ones; it is to play.

        `loss` takes logits and their label, 1 for cartoons; logits above `threshold` mean them.
        """
        assert batch.smoothed is not None, "asked for in `needs`"
        fake = self.imagine(self.generator, batch.photo)
        critic = self.players["critic"]
        with self.playing("critic"):
            real, faked, smoothed = (
                self.run(critic, picture) for picture in (batch.cartoon, fake, batch.smoothed)
            )
        terms = {
            "real": Term(1.0, loss(real, 1)),
            "fake": Term(1.0, loss(faked, 0)),
            "smoothed": Term(smoothed_weight, loss(smoothed, 0)),
        }
        notes = {
            "real_right": accuracy(real, True, threshold),
            "fake_right": accuracy(faked, False, threshold),
            "smoothed_right": accuracy(smoothed, False, threshold),
        }
        return Move("critic", terms, notes)
