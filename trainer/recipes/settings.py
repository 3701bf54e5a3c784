"""Settings that all of the papers' recipes have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from livecartoon.errors import UsageError
from trainer.config import Training

Phase = Literal["init", "main"]


@dataclass(frozen=True, slots=True)
class PaperTraining(Training):
    """Settings of a paper's run; the defaults of each recipe are its paper's."""

    data: str = ""
    """Folder made by `prepare`."""
    features: str = ""
    """File of a perceptual network; empty = random weights, which the record says."""
    init_epochs: int = 0
    main_epochs: int = 100
    """An epoch is as many steps as show every photo once; `steps` above 0 stretches the whole
    schedule to that many, a budget to its time."""
    init_rate: float = 2e-4
    """Learning rate of the first phase."""
    critic_rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    critic_width: int = 32
    content_layer: str = ""
    """Empty = the perceptual network's own, conv4_4 where it has one."""
    init_pixel_weight: float = 0.0
    """Of an L1 of pixels in the first phase: shortens it where a run must be short."""
    coarse_weight: float = 0.0
    """Of the photo's coarse colours in the main phase: stand-in networks hardly know colour."""
    bf16: bool = False
    """Networks under bfloat16 autocast; losses and perceptual networks stay in float32."""
    channels_last: bool = False
    faithful: bool = False
    """Where the published code differs from what it means, do as it does."""

    def __post_init__(self) -> None:
        Training.__post_init__(self)
        if self.init_epochs < 0 or self.main_epochs < 1:
            raise UsageError("E201", f"{self.init_epochs} + {self.main_epochs} epochs are too few")

    @property
    def epochs(self) -> int:
        """Of both phases."""
        return self.init_epochs + self.main_epochs
