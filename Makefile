# One-line wrappers over `deployer`, and the virtualenv it runs in. GNU make turns every failure into exit code 2, so
# pipelines that read exit codes call `deployer` itself.

ENV ?= local
VENV ?= .venv
YES ?=
IMAGE ?=
SEED ?= 1
COUNT ?= 420
ONLY ?=
SBOM ?= dist/sbom.cdx.json
SITE ?= build/site
DIST ?= dist
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$name" && break; done)

BIN := $(VENV)/bin
DEPLOYER := $(BIN)/deployer
CONFIRM := $(if $(YES),--yes)
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python

.PHONY: help validate plan apply score drift destroy local-down quick test test-long mutants check bench dist docs lock audit sbom clean

help:
	@echo "make validate|plan|drift ENV=local|dev|prod   make apply ENV=… [YES=1]   make destroy ENV=… [YES=NAMES]   make local-down"
	@echo "make score ENV=… IMAGE=FILE"
	@echo "make quick   make test   make check   make bench   make test-long   make mutants [SEED=1] [COUNT=420] [ONLY=deployer/planning]"
	@echo "make docs   make dist   make lock   make audit   make sbom"

validate: $(VENV)/.runtime
	@$(DEPLOYER) validate --env $(ENV)

plan: $(VENV)/.runtime
	@$(DEPLOYER) plan --env $(ENV)

apply: $(VENV)/.runtime
	@$(DEPLOYER) apply --env $(ENV) $(CONFIRM)

score: $(VENV)/.runtime
	@$(DEPLOYER) score --env $(ENV) --image $(if $(IMAGE),$(IMAGE),$(error say which picture: make score IMAGE=data/seven.png))

drift: $(VENV)/.runtime
	@$(DEPLOYER) drift --env $(ENV)

destroy: $(VENV)/.runtime
	@$(DEPLOYER) destroy --env $(ENV) $(if $(YES),--yes "$(YES)")

local-down: $(VENV)/.runtime
	@$(DEPLOYER) local down

check: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>&1 | tail -n 3

# What one runs after every change: no test that takes about a second, none that starts a workspace.
quick: check
	@$(BIN)/python -m pytest tests/unit tests/cases -m "not slow and not long" -n 2

test: check
	@$(BIN)/python -m pytest -m "not long" -n 2 --dist loadgroup -rs

test-long: check
	@DEPLOYER_PAIRS=20000 $(BIN)/python -m pytest -n 2 --dist loadgroup -rs

# Faults put into the deployer one at a time: which do the unit, property and case tests notice?
mutants: $(VENV)/.dev
	@$(BIN)/python -m tests.mutants --seed "$(SEED)" --count "$(COUNT)" --only "$(ONLY)"

bench: $(VENV)/.dev
	@for file in bench/*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done
	@echo "== bench/scoring"; $(BIN)/python -m bench.scoring

# What is published. The time of the commit is that of the files, so that anybody can build the same bytes.
dist: $(VENV)/.dev
	@rm -rf "$(DIST)"/*.whl "$(DIST)"/*.tar.gz
	@SOURCE_DATE_EPOCH="$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}" \
	  $(BIN)/python -m build --no-isolation --outdir "$(DIST)" . >/dev/null
	@ls "$(DIST)"/*.whl "$(DIST)"/*.tar.gz

# The documentation as a site; a warning is an error.
docs: $(VENV)/.dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --site-dir "$(SITE)"
	@echo "Wrote $(SITE)/index.html."

# The locks hold for Linux and macOS and for every supported Python; `build` is what an editable install needs.
lock: $(VENV)/.runtime
	@cd requirements && for set in dev runtime; do \
	  $(abspath $(BIN))/uv pip compile ../pyproject.toml --group ../pyproject.toml:build \
	    $$(test $$set = dev && echo "--group ../pyproject.toml:dev --group ../pyproject.toml:train" || echo "-c dev.txt") \
	    --universal --python-version 3.11 --generate-hashes --no-header --quiet -o $$set.txt; done
	@cd requirements && $(abspath $(BIN))/uv pip compile bootstrap.in --universal --python-version 3.11 --generate-hashes \
	  --no-header --quiet -o bootstrap.txt

# Known vulnerabilities of what is locked. A package without data is a failure: without the network, nothing was audited.
audit: $(VENV)/.dev
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements/dev.txt \
	  || { echo "Not audited, or not without findings: see above. The data comes from PyPI, which has to be reachable."; exit 1; }

# What an installed deployer consists of, as CycloneDX.
sbom: $(VENV)/.dev
	@mkdir -p $(dir $(SBOM))
	@PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible \
	  --output-format JSON --output-file $(SBOM) requirements/runtime.txt
	@echo "Wrote $(SBOM)."

clean:
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/uv: requirements/bootstrap.txt
	@test -n "$(PYTHON)" || { echo "deployer needs Python 3.11, 3.12 or 3.13 on the PATH; say where one is: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV) || { echo "The module venv is missing: install it (Debian and Ubuntu: the package python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(VENV)/.runtime: $(VENV)/bin/uv requirements/runtime.txt pyproject.toml
	@echo "Installing what is locked in requirements/runtime.txt …"
	@$(UV) --compile-bytecode --require-hashes -r requirements/runtime.txt
	@$(UV) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q deployer
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@echo "Installing what is locked in requirements/dev.txt …"
	@$(UV) --require-hashes -r requirements/dev.txt
	@touch $@
