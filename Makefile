# Every target does its own set-up: `make demo` and `make test` work as the first command after a clone.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check soak bench clients clean

BIN := .venv/bin
READY := .venv/ready
# Some machines set this; then every command and every worker of the tests would compile all sources once more.
unexport PYTHONDONTWRITEBYTECODE

PURE_ROOMS := core plan kinds preflight report
COVERAGE_PERCENT := 95
# These ask the pure rooms directly, run first and are measured; measuring the others too would take half as long again.
COVERING := $(addprefix tests/,core kinds plan cases network report preflight \
  cli/test_documents.py cli/test_explain.py cli/test_preflight.py)

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' Makefile

setup: $(READY) ## make .venv with the locked dependencies and the package

# Without PYTHON=..., the first Python on the PATH that is new enough and can make an environment.
$(READY): requirements.lock pyproject.toml
	@set -e; chosen=; \
	for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then chosen=$$python; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then echo "azbackup needs Python 3.11 or newer with the venv module; name one with: make setup PYTHON=..." >&2; exit 1; fi; \
	echo "setup: $$($$chosen --version) and the locked dependencies into .venv (once, about a minute)"; \
	$$chosen -m venv .venv; \
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	touch $(READY)

demo: $(READY) ## plan, apply and drift against a sandbox in a temporary folder
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh specs/demo.sh

check: $(READY) ## lint, format, types, imports
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@report=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$report"; exit 1; }
	@echo "check: lint, format, types and imports are fine"

test: check ## check, then all tests but the soak, with the coverage of the pure rooms
	@echo "test: the tests of the pure rooms, with their coverage"
	@$(BIN)/python -m pytest --quiet --numprocesses auto --cov --cov-report= $(COVERING)
	@for room in $(PURE_ROOMS); do \
	  $(BIN)/coverage report --include "reconciler/$$room/*" --fail-under $(COVERAGE_PERCENT) --format total >.venv/coverage.log \
	    && echo "coverage of $$room: $$(cat .venv/coverage.log) % of lines and branches" \
	    || { $(BIN)/coverage report --include "reconciler/$$room/*"; echo "coverage of $$room is below $(COVERAGE_PERCENT) %" >&2; exit 1; }; \
	done
	@echo "test: all other tests"
	@$(BIN)/python -m pytest --quiet --numprocesses auto $(COVERING:%=--ignore=%)

soak: $(READY) ## the long randomised runs
	@$(BIN)/python -m pytest --quiet --numprocesses auto -m soak

bench: $(READY) ## requests, ratios and memory for large estates
	@$(BIN)/python -m tests.benchmarks

clients: $(READY) ## the az CLI and Ansible, in environments of their own, against a served sandbox
	@$(BIN)/python -m tests.clients

clean: ## remove everything the targets above made
	rm -rf .venv .venv-clients build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find reconciler tests -name __pycache__ -type d -prune -exec rm -rf {} +
