# Everything that can be done here; bare `make` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo venv testbed test test-fast lint types layers bench lock clean

help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Show the main job on an embedded cluster: a bad release, an alert, the rollback
	@$(BIN)/rollback-receiver demo $(ARGS)

venv: $(READY) ## Make the virtual environment, from the hashed lock

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) has no venv module: install it (Debian: python3-venv)" >&2; exit 1; }
	@test -w . || { echo "$(CURDIR) cannot be written to: clone the project where you may write" >&2; exit 1; }
	@echo "installing the Python packages of requirements/dev.txt into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

testbed: $(READY) ## Build the real control plane that the tests run on (once, about 20 minutes on two cores)
	@$(BIN)/python -m tests.testbed build

test: testbed ## Run all tests, those on the real control plane included
	$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)
	$(BIN)/python -m coverage report --include='receiver/policy/*' --fail-under=100

test-fast: $(READY) ## Run the tests that need no control plane
	$(BIN)/python -m pytest -m "not cluster" $(ARGS)

lint: $(READY) ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check types, strictly
	$(BIN)/mypy

layers: $(READY) ## Check that arrows between the rooms point only downward
	$(BIN)/lint-imports

bench: testbed ## Measure speed and memory, side by side with the bare API calls
	$(BIN)/python -m bench

lock: ## Write the locks anew (needs uv)
	for kind in "runtime.txt" "dev.txt --group dev"; do \
	  set -- $$kind; file=$$1; shift; \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-header pyproject.toml "$$@" -o requirements/$$file; done

clean: ## Remove what was made here; the testbed in the user's cache stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
