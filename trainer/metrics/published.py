"""The papers' own tables. Their numbers compare with nothing but each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """A table as its paper prints it."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    has_content: bool = True


_FID = ("Model", "FID to cartoon", "FID to content")
_SALIENCY = ("Model", "Hayao", "Shinkai")

#: Name on the command line -> table.
PUBLISHED: dict[str, Published] = {
    "cartoonloss-paprika": Published(
        "CartoonLossGAN, Table II (Paprika)",
        "names of the rows inferred from the order of Table I",
        _FID,
        (
            ("Content images", "174.27", "N/A"),
            ("CycleGAN", "122.60", "141.39"),
            ("CartoonGAN", "143.98", "107.81"),
            ("AnimeGAN", "150.71", "95.67"),
            ("CartoonLossGAN", "147.88", "79.95"),
        ),
    ),
    "cartoonloss-shinkai": Published(
        "CartoonLossGAN, Table I (Shinkai)",
        "790 photos at 256 px, 1,650 film frames",
        _FID,
        (
            ("Content images", "135.82", "N/A"),
            ("CycleGAN", "108.29", "91.95"),
            ("CartoonGAN", "117.62", "58.71"),
            ("AnimeGAN", "116.33", "77.36"),
            ("CartoonLossGAN", "118.79", "53.95"),
        ),
    ),
    "salcbam-ablation": Published(
        "Improved CartoonGAN with saliency and CBAM, Table 1",
        "FID to the style set; order of the columns inferred",
        _SALIENCY,
        (
            ("CartoonGAN", "175.65", "161.33"),
            ("+ saliency", "169.24", "155.65"),
            ("+ saliency + CBAM", "165.77", "152.87"),
            ("+ residual saliency + CBAM", "162.54", "149.71"),
        ),
        has_content=False,
    ),
    "salcbam-comparison": Published(
        "Improved CartoonGAN with saliency and CBAM, Table 2",
        "FID to the style set; order of the columns inferred",
        _SALIENCY,
        (
            ("White-box", "171.78", "156.47"),
            ("AnimeGAN", "167.42", "151.84"),
            ("Ours", "162.54", "149.71"),
        ),
        has_content=False,
    ),
}
