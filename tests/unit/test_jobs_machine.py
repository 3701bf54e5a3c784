"""Doctor, devices, bench and the demo's clip, in small."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from livecartoon.errors import OutputError
from livecartoon.jobs import bench, demo, demo_scene, devices, doctor, machine
from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import inspect
from livecartoon.styles import Style


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb", "550.54.14"),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build",
            "580.65.06",
        ),
        ("something else", "unknown"),
    ],
)
def test_driver_version_when_file_is_read_then_found(text, version, tmp_path, monkeypatch):
    path = tmp_path / "version"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(devices, "DRIVER_FILE", path)
    assert devices.nvidia_driver() == version


def test_driver_version_when_there_is_none_then_empty(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "DRIVER_FILE", tmp_path / "none")
    assert devices.nvidia_driver() == ""


def test_encoders_when_listed_then_those_of_the_wheel_work():
    assert {"libx264", "ffv1"} <= {device.id for device in devices.list_devices("encoders")}


def test_machine_when_described_then_has_the_documented_fields():
    facts = machine.machine_facts()
    assert facts["cores"] >= 1
    assert {"cpu", "ram", "gpu", "vram", "driver", "cuda", "torch", "tensorrt", "os"} <= set(facts)


def test_doctor_when_opencv_is_there_twice_then_warns(monkeypatch):
    monkeypatch.setattr(doctor, "version_of", lambda name: "1.0")
    found = {check.id: check for check in doctor.check_packages()}
    assert found["opencv"].status == "warn"
    assert found["opencv"].remedy


def test_doctor_when_packages_are_missing_then_fails(monkeypatch):
    monkeypatch.setattr(doctor, "version_of", lambda name: None)
    assert [check.status for check in doctor.check_packages()] == ["FAIL", "FAIL"]


def test_doctor_when_cache_is_not_writable_then_warns(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "file"))
    cache, _ = doctor.check_folders()
    assert (cache.id, cache.status) == ("cache", "warn")


def test_window_rates_when_speed_changes_then_each_part_has_its_own():
    stamps = [0, *np.arange(1, 11), *np.arange(10.5, 15.1, 0.5)]
    assert bench.window_rates(stamps) == pytest.approx([1, 1, 4 / 3, 2, 2], abs=0.4)
    assert bench.window_rates([0.0, 0.5]) == [2.0]


def test_percentiles_when_sorted_then_interpolated_in_ms():
    assert bench.percentiles([n / 1000 for n in range(100, 0, -1)]) == {
        "p50": 50.5,
        "p95": 95.05,
        "p99": 99.01,
    }
    # By hand: the rank 0.95 * 4 = 3.8 lies between 12 and 40 ms.
    assert bench.percentiles([0.010, 0.010, 0.011, 0.012, 0.040])["p95"] == 34.4


def test_endless_clip_when_it_turns_then_no_jump():
    frames = bench.drawn_frames(160, 64)[:4]
    order = [bench._at(frames, n).pixels for n in range(7)]
    assert [next(i for i, f in enumerate(frames) if f.pixels is p) for p in order] == [
        *(0, 1, 2, 3, 2, 1, 0)
    ]


def test_clip_when_written_then_uneven_times_and_sound_are_kept(tmp_path):
    assert demo_scene.write_clip(tmp_path / "clip.mp4", 1.0) == 24
    facts = inspect(tmp_path / "clip.mp4")
    steps = {b - a for a, b in pairwise(facts.pts)}
    assert steps == {Fraction(n, 24000) for n in (800, 1000, 1200)}
    assert [track.codec for track in facts.sound] == ["aac"]
    with FileSource(tmp_path / "clip.mp4") as source:
        assert (source.info.width, source.info.height) == (640, 360)


def test_clip_when_it_cuts_then_once_in_the_middle():
    means = [frame.pixels[::8, ::8].astype(float) for frame in demo_scene.frames(3.0)]
    jumps = [np.abs(b - a).mean() for a, b in pairwise(means)]
    assert int(np.argmax(jumps)) == 35
    assert max(jumps) > 3 * sorted(jumps)[-2]


def test_scene_when_photos_are_missing_then_is_drawn(monkeypatch):
    monkeypatch.setattr(demo_scene, "_photos", list)
    first, second = demo_scene.shots()
    assert first.at(0.0).shape == second.at(1.0).shape == (360, 640, 3)


def test_takes_when_planned_then_one_for_each_file_that_exists(tmp_path):
    here, gone = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    here.write_bytes(b"")
    trained = Style("ink", "Ink", "", "generator", {"nano": here, "small": gone})
    plain = Style("classic", "Classic", "", "filter")
    takes = demo.plan_takes(tmp_path, "x", [trained, plain], "auto")
    assert [(take.style, take.tier, take.output.name) for take in takes] == [
        ("ink", "nano", "x.ink-nano.mp4"),
        ("classic", "filter", "x.classic.mp4"),
    ]


def test_strip_when_video_is_large_then_cells_are_reduced():
    large = np.full((720, 1280, 3), 200, np.uint8)
    assert demo._reduced(large).shape == (360, 640, 3)
    assert (demo._reduced(large) == 200).all()


def test_demo_folder_when_it_holds_results_then_refused_unless_overwriting(tmp_path):
    (tmp_path / "demo.mp4").write_bytes(b"")
    with pytest.raises(OutputError) as caught:
        demo._check_free(tmp_path, [tmp_path / "demo.mp4"], overwrite=False)
    assert caught.value.code == "E401"
    demo._check_free(tmp_path, [tmp_path / "demo.mp4"], overwrite=True)
