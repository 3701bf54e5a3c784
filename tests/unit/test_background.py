"""Engine builds beside a live run: what the child is told, and what becomes of it."""

from __future__ import annotations

import os
import time

import pytest

from livecartoon.config import EngineOptions, Look
from livecartoon.governor import Level
from livecartoon.jobs.background import spawn
from livecartoon.jobs.live.engines import ChildBuilder, real_readiness
from livecartoon.jobs.live.levels import Rung
from livecartoon.jobs.live.styling import StyleKey
from tests.drawing import write_student

LOW = StyleKey.of("classic", Look(), Rung(Level(48), "auto", "48x48"))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_spawn_when_told_to_stand_back_then_the_child_does(cache):
    child, log = spawn(["--version"], 5)
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    theirs = os.getpriority(os.PRIO_PROCESS, child.pid)
    assert child.wait(60) == 0
    assert theirs == min(19, mine + 5)
    assert "livecartoon" in log.read_text()


def test_builder_when_closed_then_the_child_is_gone(cache):
    builder = ChildBuilder(EngineOptions(device="cpu"))
    assert builder.start(LOW, 64, 48)
    child = builder._child
    assert builder.is_busy
    builder.close()
    builder.close()
    assert not builder.is_busy
    assert child is not None
    assert child.returncode is not None


def test_builder_while_it_builds_takes_no_other_but_does_not_refuse(cache):
    builder = ChildBuilder(EngineOptions(device="cpu"))
    builder.start(LOW, 64, 48)
    child = builder._child
    assert builder.start(StyleKey("shinkai"), 64, 48)
    assert builder._child is child
    builder.close()


def test_builder_when_the_build_failed_then_refuses_the_key_from_then_on(cache, tmp_path):
    builder = ChildBuilder(EngineOptions(device="cpu"))
    weights = write_student(tmp_path / "damaged.safetensors")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    damaged = StyleKey(str(weights))
    builder.start(damaged, 64, 48)
    assert builder._child is not None
    assert builder._child.wait(60) != 0
    assert not builder.start(damaged, 64, 48)


def test_builder_of_an_unknown_style_then_refuses(cache):
    assert not ChildBuilder(EngineOptions(device="cpu")).start(StyleKey("none such"), 64, 48)


def test_builder_without_a_folder_to_write_to_then_refuses(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert not ChildBuilder(EngineOptions(device="cpu")).start(LOW, 64, 48)


@pytest.mark.slow
def test_builder_when_done_then_the_engine_can_be_opened_without_a_build(cache):
    engine = EngineOptions(device="cpu")
    is_ready = real_readiness(engine)
    assert not is_ready(LOW, 96, 96)
    builder = ChildBuilder(engine)
    end_s = time.monotonic() + 120
    while builder.start(LOW, 96, 96) and not is_ready(LOW, 96, 96):
        assert time.monotonic() < end_s
        time.sleep(0.2)
    assert is_ready(LOW, 96, 96)
    builder.close()


@pytest.mark.slow
def test_readiness_of_torch_then_always(cache):
    engine = EngineOptions(device="cpu", backend="torch")
    assert real_readiness(engine)(LOW, 64, 48)
