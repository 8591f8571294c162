# Tocsin: `make demo` shows the main job, `make test` runs everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ONLY ?=

.PHONY: demo test lint format bench soak clean

$(VENV)/.runtime: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Tocsin needs Python 3.11 or newer; set PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.develop: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --group test --group lint
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/tocsin demo

lint: $(VENV)/.develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

format: $(VENV)/.develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(VENV)/.develop
	tests/servers/install
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/.develop
	$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

soak: $(VENV)/.develop
	tests/servers/install
	$(BIN)/python -m pytest tests/soak

clean:
	rm -rf $(VENV) .venv-servers build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
