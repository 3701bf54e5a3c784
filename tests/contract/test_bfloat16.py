"""Engines in bfloat16, where the processor multiplies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecartoon.backends import open_backend
from livecartoon.backends.base import EngineSpec
from livecartoon.backends.selftest import COARSE_LIMITS
from livecartoon.errors import EngineError
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.processor import multiplies_bfloat16
from livecartoon.styles import list_styles

pytest.importorskip("openvino")
HAS_IT = multiplies_bfloat16()
NETWORKS = [
    (style.name, tier)
    for style in list_styles()
    if style.kind != "filter" and style.lut is None and not style.ink
    for tier, path in style.files.items()
    if path
]


def spec_of(style: str, tier: str, width: int, height: int, reduction: int) -> EngineSpec:
    weights = next(s for s in list_styles() if s.name == style).file_for(tier)[1]
    sha256 = identity_of(read_header(weights))
    return EngineSpec(weights, sha256, width, height, reduction, precision="bf16", threads=1)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))


@pytest.mark.slow
@pytest.mark.skipif(not HAS_IT, reason="the processor does not multiply bfloat16")
@pytest.mark.parametrize(("style", "tier"), NETWORKS)
def test_bfloat16_of_a_shipped_network_then_passes_its_selftest(style: str, tier: str) -> None:
    backend = open_backend("openvino", spec_of(style, tier, 640, 384, 2), "cpu")
    assert backend.spec.precision == "bf16"
    worst = min(result["psnr"] for result in backend.record["selftest"])
    assert len(backend.record["selftest"]) == 8
    assert worst >= COARSE_LIMITS.psnr_least
    assert worst < 70, "FP32 would come this near"
    backend.close()


@pytest.mark.skipif(HAS_IT, reason="the processor multiplies bfloat16")
def test_bfloat16_where_the_processor_has_none_then_e503_names_the_other() -> None:
    with pytest.raises(EngineError, match="does not multiply") as caught:
        open_backend("openvino", spec_of("shinkai", "nano", 64, 48, 1), "cpu")
    assert caught.value.code == "E503"
    assert caught.value.remedies == ("--precision fp32",)
