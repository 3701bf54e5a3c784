"""How full the graphics card is, for the text on the picture."""

from __future__ import annotations

import sys


def vram_text(device: str) -> str:
    """Return such as "VRAM 1.2 of 8.0 GiB", "" for anything but a CUDA device in use."""
    if not device.startswith("cuda") or "torch" not in sys.modules:
        return ""
    import torch

    free, total = torch.cuda.mem_get_info(device)
    return f"VRAM {(total - free) / 2**30:.1f} of {total / 2**30:.1f} GiB"
