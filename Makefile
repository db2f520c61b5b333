# make demo: the shipped pipeline.  make test: everything that CI checks.  make torture: the harnesses of tests/torture, in full.
# PYTHON names the interpreter to begin with.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test torture lint clean

demo: .venv/installed
	@$(BIN)/brickwise run docstrings

test: .venv/tested lint
	@$(BIN)/pytest

torture: .venv/tested
	@BRICKWISE_TORTURE=1 $(BIN)/pytest -o timeout=0 -rP tests/torture

lint: .venv/tested
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

.venv/installed: pyproject.toml constraints.txt
	@echo "Making .venv and installing the pinned dependencies: some minutes, once."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/tested: .venv/installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

clean:
	rm -rf .venv .brickwise
