# make demo: see it work.  make test: prove it.  Both set up what they need in .venv, once.
PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?= --benchmark-autosave
DEMO_DIR ?= demo

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
SETTINGS := setup.cfg pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo studio test extras bench lint protos docs blender-addon clean

help:
	@echo 'make demo    install the runtime, start the server, write one clip per seed emotion to $(DEMO_DIR)/'
	@echo 'make studio  install what the page for animators needs, and open it in the browser'
	@echo 'make test    install everything and run all tests; PYTEST_ARGS="-m '\''not slow'\''" is passed on'
	@echo 'make extras  install Ray, Blender (half a gigabyte each) and a C# compiler; tests that need them are skipped without'
	@echo 'make bench   time the rooms and keep the figures; BENCH_ARGS=--benchmark-compare sets them beside the last'
	@echo 'make lint    ruff on all code, mypy --strict on sdk/'
	@echo 'make protos  generate the stubs of protos/ anew'
	@echo 'make docs    build the documentation into build/site; a warning is an error'
	@echo 'make blender-addon   the Blender extension as a zip in build/'
	@echo 'make clean   remove what make made, $(VENV)/ included'

demo: $(VENV)/runtime.stamp
	$(PY) tools/demo.py --out $(DEMO_DIR)

studio: $(VENV)/studio.stamp
	$(VENV)/bin/emomotion studio

extras: $(VENV)/ray.stamp
	$(PY) -m tests.csharp.rig
	$(PY) -m sdk.clips.blender
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[smplx]'

test: $(VENV)/dev.stamp $(VENV)/node.stamp
	$(PY) -m pytest tests/cpp $(PYTEST_ARGS)
	$(PY) -m pytest $(PYTEST_ARGS)

bench: $(VENV)/dev.stamp
	$(PY) -m pytest tests/benchmarks --benchmark-only --benchmark-columns=median,iqr,rounds $(BENCH_ARGS)

lint: $(VENV)/dev.stamp
	$(PY) -m ruff check .
	$(PY) -m mypy

protos: $(VENV)/dev.stamp
	$(PY) tools/generate_protos.py

docs: $(VENV)/dev.stamp
	$(PY) -m tools.docs

blender-addon: $(VENV)/runtime.stamp
	$(PY) -m tools.blender_addon

clean:
	rm -rf $(VENV) $(DEMO_DIR) node_modules build dist *.egg-info .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A half-made venv is removed, or the next make would take it for a whole one.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'EmoMotion needs Python 3.11 or newer; "$(PYTHON)" is older or missing. Name another: make PYTHON=/path/to/python3.11' >&2; \
	  exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'No venv could be made; on Debian or Ubuntu run: apt-get install python3-venv' >&2; exit 1; }

$(VENV)/runtime.stamp: $(SETTINGS) | $(PY)
	@echo 'Installing the runtime into $(VENV) ...'
	@$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/studio.stamp: $(VENV)/runtime.stamp
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[studio]'
	@touch $@

# After the runtime, never beside it: two pips in one venv would tread on each other under make -j.
$(VENV)/dev.stamp: $(VENV)/runtime.stamp
	@echo 'Installing what the tests need into $(VENV) (torch and others: some minutes) ...'
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(VENV)/ray.stamp: $(VENV)/dev.stamp
	@echo 'Installing Ray into $(VENV) ...'
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[ray]'
	@touch $@

# The glTF validator and three.js of the clip tests; without Node.js those tests say that they were skipped.
$(VENV)/node.stamp: package.json $(wildcard package-lock.json) | $(PY)
	@if command -v npm >/dev/null; then \
	  npm $(if $(wildcard package-lock.json),ci,install --no-package-lock) --no-audit --no-fund --silent && touch $@; \
	else echo 'npm is missing: the tests with glTF validator and three.js will be skipped'; fi
