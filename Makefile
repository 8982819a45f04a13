# What you can do here. A fresh machine needs make and Python 3.11 or newer; the rest comes from the
# lock files in requirements/, once, into .venv.
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
PYTHON ?= $(or $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c $(NEW_ENOUGH) 2>/dev/null && echo $$python && break; done),python3)
NEW_ENOUGH := 'import sys; sys.exit(sys.version_info < (3, 11))'

.DELETE_ON_ERROR:
.PHONY: help demo test check lint docs docs-update bench assets messages screenshots lock clean

help:
	@echo "make demo         see a lender live: from invoices to loans to reports"
	@echo "make test         run the tests"
	@echo "make check        run the linters, build the documentation, run the tests"
	@echo "make bench        measure the money book beside raw COPY and its peers"
	@echo "make docs         build the documentation into site/"
	@echo "make docs-update  write what the documented commands print now into the pages"
	@echo "make assets       build the files of other people that the console's pages load"
	@echo "make messages     gather the console's texts into its message catalogues"
	@echo "make screenshots  take every page of the console, both themes, widths and languages"
	@echo "make lock         pin the dependencies anew (needs uv)"
	@echo "make clean        remove .venv, site and caches"

demo: $(VENV)/run.stamp
	@$(BIN)/karez demo

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

check: lint docs test

lint: $(VENV)/dev.stamp
	@echo "ruff" && $(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet
	@echo "basedpyright" && $(BIN)/basedpyright --warnings
	@echo "import-linter" && $(BIN)/lint-imports --no-logo
	@echo "sqlfluff" && $(BIN)/sqlfluff lint --disable-progress-bar src
	@echo "squawk" && $(BIN)/squawk 'src/**/migrations/*.sql'
	@echo "deptry" && $(BIN)/deptry --no-ansi src
	@echo "vulture" && $(BIN)/vulture

docs: $(VENV)/dev.stamp
	@echo "zensical" && $(BIN)/zensical build --clean --strict

docs-update: $(VENV)/dev.stamp
	@UPDATE_DOCS=1 $(BIN)/python -m pytest tests/docs

bench: $(VENV)/bench.stamp
	@$(BIN)/python -m benchmarks

# What the console shows comes from npm, by the digests of web/package-lock.json.
assets: | $(BIN)/python
	@$(BIN)/python scripts/assets.py

messages: $(VENV)/dev.stamp
	@$(BIN)/python scripts/messages.py

screenshots: $(VENV)/dev.stamp
	@$(BIN)/python scripts/screenshots.py

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	@requirements/compile.sh

clean:
	@rm -rf $(VENV) site .cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# A stamp is younger than what it installed, so a second call installs nothing.
$(VENV)/%.stamp: requirements/%.lock pyproject.toml hatch_build.py web/package-lock.json web/icons.txt | $(BIN)/python
	@echo "Installing $<"
	@$(PIP) install --require-hashes --requirement $<
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python scripts/assets.py || true  # it said so; only the console needs them
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c $(NEW_ENOUGH) 2>/dev/null || { \
	  echo "$(PYTHON) is not Python 3.11 or newer; install one, or name it: make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments;" \
	    "on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
