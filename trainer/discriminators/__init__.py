"""The papers' critics by name; importing this package imports no torch."""

from __future__ import annotations

#: Name -> (place, arguments). All end in patch logits; none has a sigmoid.
DISCRIMINATORS: dict[str, tuple[str, dict[str, object]]] = {
    "animegan1": ("trainer.discriminators.animegan:AnimeGANDiscriminator", {"norm": "instance"}),
    "animegan2": ("trainer.discriminators.animegan:AnimeGANDiscriminator", {"norm": "layer"}),
    "animegan3": ("trainer.discriminators.animegan3:AnimeGAN3Discriminator", {}),
    "cartoongan": ("trainer.discriminators.cartoongan:CartoonGANDiscriminator", {}),
    "cartoonloss": ("trainer.discriminators.cartoonloss:CartoonLossDiscriminator", {}),
    "demal-local": ("trainer.discriminators.demal:LocalDiscriminator", {}),
    "demal-surface": ("trainer.discriminators.demal:SurfaceDiscriminator", {}),
    "nice": ("trainer.discriminators.nice:NICEDiscriminator", {}),
    "patchgan": ("trainer.discriminators.patchgan:PatchGAN", {}),
    "whitebox-surface": ("trainer.discriminators.whitebox:WhiteBoxDiscriminator", {}),
    "whitebox-texture": ("trainer.discriminators.whitebox:WhiteBoxDiscriminator", {"inputs": 1}),
}
