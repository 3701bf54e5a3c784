"""The table of who may import whom; a package that is not in it fails the test."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAVES = {"closing", "codestore", "compiled", "errors", "escape", "folders", "frame", "opencv"}
MIDDLE = LEAVES | {"config", "logs", "size", "slot", "threads"}
#: Module or package of livecartoon -> what of ours it may import.
OURS = {
    "__init__": {"api", "styles"},
    "__main__": {"cli"},
    "closing": set(),
    "codestore": {"folders"},
    "compiled": {"codestore"},
    "errors": set(),
    "escape": set(),
    "folders": set(),
    "frame": set(),
    "logs": set(),
    "opencv": set(),
    "rate": {"errors", "escape"},
    "size": {"errors", "escape"},
    "threads": set(),
    "governor": {"errors"},
    "slot": {"errors"},
    "config": {"errors"},
    "styles": {
        "errors",
        "escape",
        "folders",
        "models.checkpoint",
        "models.mixture",
        "models.overlay",
    },
    "models": {"errors", "escape"},
    "snap": {"config", "errors"},
    "sources": MIDDLE,
    "sinks": MIDDLE | {"sources.base"},
    "temporal": MIDDLE | {"compiled"},
    "processor": set(),
    "backends": MIDDLE | {"models", "processor", "styles"},
    "wanted": MIDDLE | {"backends", "models.checkpoint", "models.overlay", "styles"},
    "stylizer": MIDDLE | {"backends", "snap", "styles", "temporal", "wanted"},
    "pipeline": MIDDLE | {"sinks.base", "sources.base"},
    "jobs": MIDDLE
    | {
        "__version__",
        "backends",
        "governor",
        "models",
        "pipeline",
        "processor",
        "sinks",
        "snap",
        "sources",
        "styles",
        "stylizer",
        "temporal",
        "wanted",
    },
    "api": {"*"},
    "cli": MIDDLE | {"__version__", "jobs", "rate", "styles"},
}
#: Library -> the only places of livecartoon that may import it.
BORDERS = {
    "aiohttp": {"jobs.serve"},
    "aiortc": {"jobs.serve"},
    "av": {"sources", "sinks"},
    "click": {"cli"},
    "cv2": {
        "opencv",
        "backends.blocks",
        "backends.colours",
        "backends.finish",
        "sinks.lettering",
        "sinks.window",
        "temporal",
    },
    "onnx": {"backends"},
    "nncf": {"backends.quantize"},
    "llvmlite": {"processor", "temporal.cubic"},
    "numba": {"compiled", "temporal.cubic"},
    "onnxruntime": {"backends.ort"},
    "openvino": {"backends.openvino"},
    "ray": {"jobs.cluster.fleet"},
    "rich": {"cli"},
    "safetensors": {"models.checkpoint"},
    "tensorrt": {"backends.tensorrt"},
    "tensorrt_rtx": {"backends.rtx_builder"},
    "torch": {"api", "backends", "jobs", "models", "temporal.card"},
    "torch_tensorrt": {"backends.tensorrt"},
}
#: What runs before a job starts: nothing slow at the top of these modules.
INSTANT = (
    "cli",
    "config",
    "errors",
    "escape",
    "folders",
    "frame",
    "logs",
    "rate",
    "size",
    "styles",
    "threads",
)
SLOW = {"av", "cv2", "numpy", "openvino", "rich", "safetensors", "torch"}
TRAINER_MAY = {"closing", "errors", "escape", "logs", "models", "snap", "styles", "__version__"}
#: Module of the trainer -> what else it may import.
TRAINER_DOORS = {"data.films": {"sources.file"}, "losses.loops": {"compiled"}}


@cache
def modules(package: str) -> list[tuple[str, ast.Module]]:
    """Dotted name below the package, and the parsed file."""
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT / package).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
        found.append((".".join(parts), ast.parse(path.read_text(encoding="utf-8"))))
    return found


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything imported, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the direction"
            yield node.module or ""
            if node.module == "livecartoon":
                yield from (f"livecartoon.{alias.name}" for alias in node.names)


def is_within(name: str, allowed: set[str]) -> bool:
    """Whether a dotted name is one of the allowed or lies inside one."""
    return "*" in allowed or any(name == a or name.startswith(f"{a}.") for a in allowed)


@pytest.mark.parametrize(
    ("name", "tree"), modules("livecartoon"), ids=lambda v: v if isinstance(v, str) else ""
)
def test_module_when_importing_ours_then_follows_the_table(name, tree):
    home = name.split(".")[0]
    assert home in OURS, f"{home} is not declared in the table"
    for target in imports(tree):
        if target.startswith("livecartoon."):
            inside = target.removeprefix("livecartoon.")
            is_own = inside == home or inside.startswith(f"{home}.")
            assert is_own or is_within(inside, OURS[home]), f"{name} imports {target}"
        assert not target.startswith(("trainer", "benchmarks", "tests")), f"{name}: {target}"


@pytest.mark.parametrize(
    ("name", "tree"), modules("livecartoon"), ids=lambda v: v if isinstance(v, str) else ""
)
def test_module_when_importing_libraries_then_stays_behind_its_border(name, tree):
    for target in imports(tree):
        library = target.split(".")[0]
        if library in BORDERS:
            assert is_within(name, BORDERS[library]), f"{name} imports {library}"


@pytest.mark.parametrize("name", INSTANT)
def test_instant_module_when_imported_then_loads_nothing_slow(name):
    for module, tree in modules("livecartoon"):
        if is_within(module, {name}) and name != "frame":
            top = ast.Module(
                [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)], []
            )
            slow = {target.split(".")[0] for target in imports(top)} & SLOW
            assert not slow, f"{module} imports {slow} at its top"


def test_trainer_when_importing_the_product_then_takes_only_shared_parts():
    for name, tree in modules("trainer"):
        for target in imports(tree):
            if target.startswith("livecartoon."):
                inside = target.removeprefix("livecartoon.")
                allowed = TRAINER_MAY | TRAINER_DOORS.get(name, set())
                assert is_within(inside, allowed), f"trainer.{name} imports {target}"


def test_imports_when_followed_then_have_no_cycle():
    known = dict(modules("livecartoon"))
    graph = {
        name: {
            t.removeprefix("livecartoon.")
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for t in imports(node)
            if t.removeprefix("livecartoon.") in known and t.startswith("livecartoon.")
        }
        - {name}
        for name, tree in known.items()
    }
    done: set[str] = set()
    for name in graph:
        _visit(name, graph, (), done)
    assert done == set(graph)


def _visit(name: str, graph: dict[str, set[str]], path: tuple[str, ...], done: set[str]) -> None:
    assert name not in path, f"cycle: {' -> '.join((*path, name))}"
    if name not in done:
        for target in graph[name]:
            _visit(target, graph, (*path, name), done)
        done.add(name)


#: What the data side of the trainer needs beside the standard library.
DATA_NEEDS = {"cv2", "livecartoon", "numpy", "torch", "trainer"}


def test_data_of_the_trainer_when_imported_then_needs_few_libraries():
    for name, tree in modules("trainer"):
        if is_within(name, {"data"}):
            top = ast.Module(
                [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)], []
            )
            roots = {target.split(".")[0] for target in imports(top)}
            extra = roots - DATA_NEEDS - sys.stdlib_module_names
            assert not extra, f"trainer.{name} imports {extra} at its top"
