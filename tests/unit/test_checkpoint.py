import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from livecartoon.errors import ModelError
from livecartoon.models.checkpoint import (
    identity_of,
    read_checkpoint,
    read_header,
    write_checkpoint,
)
from livecartoon.models.inkstyle import ink_of
from livecartoon.models.load import load_student
from tests.drawing import write_student


def code_of(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_checkpoint(path)
    return caught.value.code


def test_checkpoint_when_written_then_reads_back(tmp_path: Path) -> None:
    path = write_student(tmp_path / "s.safetensors")
    checkpoint = read_checkpoint(path)
    assert checkpoint.architecture == "student"
    student = load_student(checkpoint)
    assert not any(p.requires_grad for p in student.parameters())
    assert ink_of(checkpoint.header).sigma > 0
    assert not list(tmp_path.glob("*.partial"))


def test_checkpoint_of_format_1_when_written_byte_by_byte_then_is_still_read(
    tmp_path: Path,
) -> None:
    """What was once given to people stays readable: no code of ours wrote this file."""
    values = np.arange(6, dtype="<f2").tobytes()
    digest = hashlib.sha256(b"a.weight|float16|(2, 3)|" + values).hexdigest()
    metadata = {
        "livecartoon.format": "1",
        "livecartoon.arch": "student",
        "livecartoon.sha256_tensors": digest,
        "livecartoon.a_field_of_later": "passed over",
    }
    tensor = {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, len(values)]}
    header = json.dumps({"__metadata__": metadata, "a.weight": tensor}).encode()
    path = tmp_path / "old.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + values)
    read = read_checkpoint(path)
    assert read.tensors["a.weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (read.architecture, read.sha256) == ("student", digest)


def test_checkpoint_when_missing_then_e601(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none.safetensors") == "E601"


def test_checkpoint_when_not_safetensors_then_e602(tmp_path: Path) -> None:
    path = tmp_path / "s.safetensors"
    path.write_bytes(b"\xff" * 64)
    assert code_of(path) == "E602"


def test_checkpoint_without_our_header_then_e603(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "s.safetensors"
    save_file({"a": np.zeros(3, np.float32)}, path)
    assert code_of(path) == "E603"


def test_checkpoint_when_newer_than_us_then_e603(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "s.safetensors"
    metadata = {"livecartoon.format": "99", "livecartoon.arch": "student"}
    save_file({"a": np.zeros(3, np.float32)}, path, metadata)
    assert code_of(path) == "E603"


def test_checkpoint_when_a_byte_flips_then_e605(tmp_path: Path) -> None:
    path = write_student(tmp_path / "s.safetensors")
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(bytes(content))
    assert code_of(path) == "E605"


def test_load_student_when_a_tensor_is_missing_then_e604(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(write_student(tmp_path / "s.safetensors"))
    del checkpoint.tensors["up.weight"]
    with pytest.raises(ModelError, match=r"up\.weight"):
        load_student(checkpoint)


@pytest.mark.parametrize("config", ['{"channels": 100000}', '{"depth": 3}', "[]", "no json"])
def test_load_student_when_config_is_hostile_then_model_error(tmp_path: Path, config: str) -> None:
    path = tmp_path / "s.safetensors"
    write_checkpoint(path, {}, {"arch": "student", "arch_config": config})
    with pytest.raises(ModelError):
        load_student(read_checkpoint(path))


def test_header_then_says_provenance(tmp_path: Path) -> None:
    header = read_header(write_student(tmp_path / "s.safetensors"))
    assert json.loads(header["arch_config"])["channels"] == 16
    assert asdict(ink_of(read_header(tmp_path / "s.safetensors")))["tone"] == (0.02, 0.0, 0.0)


@pytest.mark.parametrize("key", ["ink", "arch_config", "norm"])
def test_identity_when_one_field_differs_then_differs(key: str) -> None:
    header = {"arch": "student", "sha256_tensors": "0" * 64}
    assert identity_of(header) != identity_of(header | {key: '{"sigma": 1.0}'})


def test_identity_when_only_the_words_differ_then_stays() -> None:
    header = {"arch": "student", "sha256_tensors": "0" * 64}
    assert identity_of(header) == identity_of(header | {"title": "Shinkai", "date": "2026-11-21"})
