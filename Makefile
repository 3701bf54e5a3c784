# Every target works as the first command on a fresh clone: the ones that need the
# environment build it, once, and again when pyproject.toml or constraints.txt change.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ENGINES := $(VENV)/.engines
# PyTorch's own index of builds without CUDA; PyPI's build for Linux drags in gigabytes of it.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH := $(shell sed -n 's/^torch==/torch==/p' constraints.txt)
PIP := $(BIN)/python -m pip --disable-pip-version-check
# One video to convert instead of the drawn clip: make demo VIDEO=holiday.mp4
VIDEO ?=
# Extra words for pytest: make test TESTS="-k governor -x"
TESTS ?=
# Tests run in so many processes; worksteal keeps the slow ones from queueing behind each other.
WORKERS ?= 2
SIDE_BY_SIDE = -n $(WORKERS) --dist worksteal

# The environment is ours alone: a PYTHONPATH from outside would shadow it.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP

.DEFAULT_GOAL := help
.PHONY: help setup engines demo test test-fast test-gpu check lint docs bench clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' Makefile

setup: $(READY)  ## build the environment in .venv and say what this machine can do
	@$(BIN)/livecartoon doctor --brief

engines: $(ENGINES)  ## add all other backends, Ray, IPython and Qt, whose tests are skipped without

demo: $(READY)  ## make a clip, convert it, verify it, show a table (VIDEO=path takes yours)
	@$(BIN)/livecartoon demo $(if $(VIDEO),--video "$(VIDEO)")

test: $(READY)  ## all tests that need no GPU, no camera and no network
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not gpu" $(TESTS)

test-fast: $(READY)  ## the inner loop: without the slow tests
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow and not gpu" $(TESTS)

test-gpu: $(READY)  ## the tests that need CUDA
	@if $(BIN)/python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then \
		$(BIN)/python -m pytest -m gpu $(TESTS); \
	else echo "skipped: no CUDA device"; fi

check: $(READY)  ## ruff and mypy, also called lint
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy

lint: check

docs: $(READY)  ## build the documentation into site/
	@$(BIN)/python docs/make_errors.py
	@$(BIN)/python docs/make_figures.py
	@$(BIN)/mkdocs build --strict --quiet

bench: $(READY)  ## measure this machine into bench.json
	@$(BIN)/livecartoon bench --seconds 4 -o bench.json

clean:  ## remove caches and build products; converted videos and .venv stay
	@rm -rf build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# A wheel of torch that pip already knows of is taken first, then the CPU index; with an NVIDIA
# driver PyPI's CUDA build is the right one, together with TensorRT.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@rm -f $@
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV): about 1.5 GB, a few minutes the first time"
	@if nvidia-smi >/dev/null 2>&1; then extras=dev,tensorrt; else \
		extras=dev; \
		$(PIP) install -qqq --no-deps --no-index $(TORCH) 2>/dev/null \
		|| $(PIP) install -qq --no-deps --retries 1 --timeout 15 \
			--extra-index-url $(TORCH_INDEX) $(TORCH); \
	fi && $(PIP) install -qq -e ".[$$extras]" -c constraints.txt
	@touch $@

# 310 MB to fetch, 890 MB on disk: INT8, ONNX Runtime, TensorRT for RTX, which builds its engines
# without a card, Ray for clusters, and what the examples of the documentation show frames in.
$(ENGINES): $(READY)
	@echo "adding all other backends, Ray, IPython and Qt: about 890 MB"
	@$(PIP) install -qq --retries 1 --timeout 30 -e ".[cluster,examples,int8,ort,rtx]" -c constraints.txt
	@touch $@
