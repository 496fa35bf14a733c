# make demo    the whole loop on this machine (needs python3 >= 3.11 with venv, git, make)
# make test    lint, then the quick tests, then those that start real services
# Everything is installed into $(VENV), from the lock files, and again only when they change.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
NODE := tests/node
JOBS ?= 2
# Where the demo keeps its repositories, and more words for `gitmodel demo`.
DEMO ?= gitmodel-demo
DEMO_FLAGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
# Without compiled files each start of Python costs three times as much.
unexport PYTHONDONTWRITEBYTECODE
# What git sets for its hooks must not reach the repositories of tests.
unexport GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX

.PHONY: help demo demo-down install test lint format test-quick test-system bench docs lock clean

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.stamp-run ## Push, train, deploy, answer, switch, refuse, roll back: all of it here
	$(BIN)/gitmodel demo --folder $(DEMO) $(DEMO_FLAGS)
	@echo "         (or: make demo-down)"

demo-down: $(VENV)/.stamp-run ## Stop what the demo left running
	$(BIN)/gitmodel demo --down --folder $(DEMO)

install: $(VENV)/.stamp-dev ## Install gitmodel and the tools of its developers into .venv

test: lint test-quick test-system ## Everything that must pass

lint: $(VENV)/.stamp-dev ## ruff, mypy, the layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.stamp-dev ## Let ruff mend what it can
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

test-quick: $(VENV)/.stamp-dev $(NODE)/node_modules/.stamp ## The tests that start no service
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m "not system"

test-system: $(VENV)/.stamp-dev $(NODE)/node_modules/.stamp ## The tests with real services and whole pipelines
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m system --durations=25 tests/system tests

bench: $(VENV)/.stamp-dev ## Measure against peers; writes docs/benchmarks.md
	$(BIN)/python -m bench.registry --write docs/benchmarks.md
	$(BIN)/python -m bench.notes
	$(BIN)/python -m bench.ci --write docs/benchmarks.md
	$(BIN)/python -m bench.hosts switches --write docs/benchmarks.md
	$(BIN)/python -m bench.hosts speed --write docs/benchmarks.md
	$(BIN)/python -m bench.live --write docs/benchmarks.md
	$(BIN)/python -m bench.live.monitor
	$(BIN)/python -m bench.site --write docs/benchmarks.md
	$(BIN)/python -m bench.replay --write docs/benchmarks.md

docs: $(VENV)/.stamp-dev ## Write the parts of docs/ that follow from commands and schemas
	$(BIN)/python -m docs.reference

lock: $(UV) ## Choose versions anew
	$(UV) pip compile $(LOCK_FLAGS) --extra examples -o requirements.lock pyproject.toml
	$(UV) pip compile $(LOCK_FLAGS) --all-extras -c requirements.lock -o requirements-dev.lock pyproject.toml

clean: ## Remove what was installed and built
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find gitmodel tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

LOCK_FLAGS := -q --universal --python-version 3.11 --upgrade --no-emit-index-url --no-annotate --no-header

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "gitmodel needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo "this Python lacks venv (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check 'uv>=0.5'

# What users get, with the data of the examples.
$(VENV)/.stamp-run: $(UV) requirements.lock pyproject.toml
	$(UV) pip install -q --python $(BIN)/python -r requirements.lock
	$(UV) pip install -q --python $(BIN)/python --no-deps -e .
	touch $@

$(VENV)/.stamp-dev: $(UV) requirements-dev.lock pyproject.toml
	$(UV) pip install -q --python $(BIN)/python -r requirements-dev.lock
	$(UV) pip install -q --python $(BIN)/python --no-deps -e .
	touch $@ $(VENV)/.stamp-run

# Programs of the tests that come from npm; tests that need them skip where there is no npm.
$(NODE)/node_modules/.stamp: $(NODE)/package-lock.json
	mkdir -p $(@D)
	! command -v npm >/dev/null || npm ci --prefix $(NODE) --silent
	touch $@
