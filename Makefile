# MallReach: `make run` opens the dashboard, `make test` runs every test, `make check` is what a reviewer runs first.

SHELL := /bin/bash
VENV := .venv
PORT ?= 8501
BIN := $(VENV)/bin
# The first Python of 3.11 or newer; `make run PYTHON=/path/to/python` overrules it.
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$candidate"; break; fi; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

.DEFAULT_GOAL := help
.PHONY: help run demo extras test check format docs lock python chromium postgresql libreoffice clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: $(VENV)/.app ## build the demo markets if there is no data yet, then serve the dashboard on 127.0.0.1:8501 (or PORT=...)
	@$(BIN)/python -m ui.serve --port $(PORT)

demo: $(VENV)/.app ## build the demo markets anew
	@$(BIN)/python -m data demo

extras: $(VENV)/.app ## install the optional packages too: queries on PostgreSQL (sql), more kinds of addresses (stores)
	@echo "Installing the optional packages of requirements-extras.lock ..."
	@$(PIP) -r requirements-extras.lock 2> $(VENV)/install.log || { tail -n 3 $(VENV)/install.log >&2; echo "The optional packages could not be installed: check the network connection (or your package mirror's settings), then run make again." >&2; exit 1; }

test: $(VENV)/.dev chromium postgresql libreoffice ## run every test
	@$(BIN)/python -m pytest -n logical --no-loadscope-reorder

check: $(VENV)/.dev ## lint, format, types, import contracts, generated docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m data.docs --check
	@$(BIN)/python -m analytics.docs --check

format: $(VENV)/.dev ## rewrite the code in the project's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(VENV)/.app ## write docs/tables.md and docs/metrics.md anew from the code
	@$(BIN)/python -m data.docs
	@$(BIN)/python -m analytics.docs

lock: ## resolve the dependencies anew (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras -c requirements.lock pyproject.toml -o requirements-extras.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove the environment and the caches; the warehouse stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

python:
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "MallReach needs Python 3.11 or newer and found $$( ($(or $(PYTHON),python3) --version || echo none) 2>&1 | tail -n 1): install one, or name it with make run PYTHON=/path/to/python." >&2; exit 1; fi

$(BIN)/python: | python
	@echo "Making the environment in $(VENV) ..."
	@"$(PYTHON)" -m venv $(VENV) >/dev/null || { rm -rf $(VENV); echo "Python could not make an environment: install its venv module (on Debian and Ubuntu: apt install python3-venv), then run make again." >&2; exit 1; }

$(VENV)/.app: requirements.lock | $(BIN)/python
	@echo "Installing the packages of requirements.lock (about a minute, once) ..."
	@$(PIP) -r requirements.lock 2> $(VENV)/install.log || { tail -n 3 $(VENV)/install.log >&2; echo "The packages could not be installed: check the network connection (or your package mirror's settings), then run make again." >&2; exit 1; }
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.app
	@echo "Installing the test tools of requirements-dev.lock ..."
	@$(PIP) -r requirements-dev.lock 2> $(VENV)/install.log || { tail -n 3 $(VENV)/install.log >&2; echo "The test tools could not be installed: check the network connection (or your package mirror's settings), then run make again." >&2; exit 1; }
	@touch $@

# The browser tests drive a system Chromium: installed where this may be done, else those tests are skipped by name.
chromium:
	@if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "Installing Chromium for the browser tests ..."; \
		apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null \
			|| echo "Chromium could not be installed; the browser tests will say so." >&2; fi

# The tests of queries start a PostgreSQL server of their own; no other cluster is made for them.
postgresql:
	@if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "Installing PostgreSQL for the tests of queries ..."; export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null \
			&& sed -i -E 's/^#?(create_main_cluster) .*/\1 = false/' /etc/postgresql-common/createcluster.conf \
			&& apt-get install -y -qq --no-install-recommends postgresql >/dev/null \
			|| echo "PostgreSQL could not be installed; the tests of queries will say so." >&2; fi

# The tests of exports open files in a spreadsheet without a window.
libreoffice:
	@if ! command -v soffice >/dev/null && ! command -v libreoffice >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "Installing LibreOffice Calc for the tests of exports ..."; \
		apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libreoffice-calc-nogui >/dev/null \
			|| echo "LibreOffice could not be installed; the tests of exports will say so." >&2; fi
