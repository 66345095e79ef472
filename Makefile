# Everything that can be done here; bare `make` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ON_ALL_CORES := -n auto --dist loadfile --no-loadscope-reorder
ENGINE ?= docker
IMAGE ?= rollback-receiver
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: help demo venv testbed test test-fast mutants lint types layers bench screenshots lock image sbom clean

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
	$(BIN)/python -m pytest $(ON_ALL_CORES) --cov --cov-report=term $(ARGS)
	$(BIN)/python -m coverage report --include='receiver/policy/*' --fail-under=100

test-fast: $(READY) ## Run the tests that need no control plane
	$(BIN)/python -m pytest $(ON_ALL_CORES) -m "not cluster" $(ARGS)

mutants: $(READY) ## Change the guards' source in a thousand ways: a test must notice each (2 to 10 minutes)
	timeout 1200 $(BIN)/mutmut run $(ARGS)
	@! $(BIN)/mutmut results | grep -v ': not checked$$' | grep .

lint: $(READY) ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check types, strictly
	$(BIN)/mypy

layers: $(READY) ## Check that arrows between the rooms point only downward
	$(BIN)/lint-imports

bench: testbed ## Measure speed and memory, side by side with the bare API calls
	$(BIN)/python -m bench

screenshots: testbed ## Take the pictures in docs/img, of the page and a terminal, on the embedded cluster
	$(BIN)/python -m tests.browser.screenshots

lock: ## Write the locks anew (needs uv)
	for kind in "runtime.txt pyproject.toml" "dev.txt pyproject.toml --group dev" "build.txt --group build" "sbom.txt --group sbom"; do \
	  set -- $$kind; file=$$1; shift; \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-header "$$@" -o requirements/$$file; done

image: ## Build the image; set PYTHON_IMAGE=NAME@sha256:… (and ENGINE, docker by default, and IMAGE)
	@case "$(PYTHON_IMAGE)" in *@sha256:*) ;; \
	  *) echo "set PYTHON_IMAGE to a Python image by its digest, like python:3.13-slim@sha256:…" >&2; exit 2;; esac
	$(ENGINE) build --pull --build-arg PYTHON_IMAGE=$(PYTHON_IMAGE) --build-arg REVISION=$$(git rev-parse HEAD) \
	  --build-arg VERSION=$(VERSION) --tag $(IMAGE):$(VERSION) .

sbom: ## Write build/sbom.json, a CycloneDX bill of what the image holds beside Python
	@rm -rf build/image && mkdir -p build/image
	@image/install.sh $(PYTHON) build/image/app
	@image/sbom.sh $(PYTHON) build/image/app build/sbom.json
	@rm -rf build/image

clean: ## Remove what was made here; the testbed in the user's cache stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* mutants
