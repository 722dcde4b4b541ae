# The commands of image-scaler. `make help` lists them; each fetches what it needs from the lock files.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Bytecode is written also where the environment forbids it: without it, every process compiles its imports again, 2 s
# of CPU for one of pytest and 4 s for one of the CDK.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAGE ?= dev
UNIT := tests/unit
LONG := tests/unit/manage/test_cost_of_lists.py tests/unit/imaging/test_judged.py \
	tests/unit/imaging/test_hostile_numbers.py \
	tests/unit/imaging/test_animations.py tests/unit/imaging/test_boxes.py tests/unit/imaging/test_colorimetry.py \
	tests/unit/imaging/test_endings.py tests/unit/imaging/test_metadata.py tests/unit/imaging/test_odd_formats.py \
	tests/unit/rotate/test_rotation.py tests/unit/remove/test_removal.py tests/unit/persist/test_crashes.py \
	tests/unit/policy/test_document.py tests/unit/policy/test_floor.py tests/unit/policy/test_reference.py \
	tests/emulator/test_corpus.py tests/emulator/test_files.py tests/emulator/test_removal.py \
	tests/emulator/test_admission.py tests/emulator/test_duplicates.py tests/emulator/test_rejudging.py \
	tests/e2e/test_smoke.py tests/sabotage
PYTEST := $(BIN)/python -m pytest
DOCUMENTS := $(wildcard *.md) .github docs samples tests/events
COMPILE := ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url

.PHONY: help setup demo story up down resume reblur test all-tests coverage test-long lint types imports unit \
	workflows infrastructure emulator e2e sabotage test-docker test-arm64 test-browser test-package test-detector check \
	bench costs gallery synth deploy destroy lock format clean

help:  ## List the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

# --- setup ------------------------------------------------------------------------------------------------

setup: $(VENV)/.complete node_modules/.complete  ## Install everything from the lock files (other commands do it too)

$(VENV)/.complete: requirements/dev.txt requirements/uv.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "image-scaler needs Python 3.11 or newer on the PATH" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "image-scaler needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try make PYTHON=python3.13" >&2; exit 1; }
	@echo "Installing the Python packages of requirements/dev.txt into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.complete: package-lock.json
	@command -v node >/dev/null || { echo "image-scaler needs Node 20 or newer on the PATH (the AWS CDK's command line runs on it)" >&2; exit 1; }
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || \
		{ echo "image-scaler needs Node 20 or newer; this is $$(node --version)" >&2; exit 1; }
	@echo "Installing the CDK command line of package-lock.json into node_modules ..."
	@npm ci --loglevel=error --no-audit --no-fund || \
		{ echo "npm ci failed (see its messages above). Check that the npm registry is reachable, and Node $$(node --version)." >&2; exit 1; }
	@touch $@

# --- running ----------------------------------------------------------------------------------------------

# DETECTOR=local judges pictures with a model instead of the stand-in's fixed labels; only then are its packages needed.
DETECTOR_SETUP = $(if $(filter local,$(DETECTOR)),$(VENV)/.detector)
DETECTOR_OPTION = $(if $(DETECTOR),--detector "$(DETECTOR)")

demo: setup $(DETECTOR_SETUP)  ## Start everything, deploy, process the samples, show the results, stop (DETECTOR=local)
	@$(BIN)/python -m local.cli demo $(DETECTOR_OPTION)

story: setup  ## Start everything, show step by step how verdicts and policies change, stop
	@$(BIN)/python -m local.cli story

up: setup $(DETECTOR_SETUP)  ## Start everything locally and leave it running; later runs deploy changes (FRESH=1 starts over)
	@$(BIN)/python -m local.cli up $(if $(FRESH),--fresh) $(DETECTOR_OPTION)

$(VENV)/.detector: requirements/detector.txt $(VENV)/.complete
	@echo "Installing the local detector of requirements/detector.txt into $(VENV) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/detector.txt
	@touch $@

down: setup  ## Stop everything that `make up` started
	@$(BIN)/python -m local.cli down

resume: setup  ## Resume held or failed images: make resume ID="01J… 01J…"
	@$(BIN)/image-scaler resume $(ID)

reblur: setup  ## Blur pictures again, from their originals, if the blur setting has changed
	@$(BIN)/image-scaler reblur

# --- checks -----------------------------------------------------------------------------------------------

# mypy takes a minute on one core in a new checkout: the tests start beside it.
test: setup  ## Everything that CI checks: lint, types, import rules, all tests
	@$(MAKE) --no-print-directory --jobs=2 lint types all-tests

all-tests: setup lint imports
	@$(PYTEST) -n 3 --dist loadscope --no-loadscope-reorder

coverage: setup  ## Branch coverage of the functions by the fast tests; tracing doubles their CPU time
	@$(PYTEST) tests/unit --cov --cov-report=term -n 2 --dist loadscope --no-loadscope-reorder

check: lint types imports  ## Run before each commit: lint, types, import rules, unit tests
	@$(PYTEST) tests/unit -q -n auto --dist loadscope

test-long: setup  ## The tests with random or large data, with high counts (hours)
	@IMAGE_SCALER_LONG=1 $(PYTEST) $(LONG)

lint: setup  ## ruff, the layout of the documents, and the lint of the state machines
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mdformat --check $(DOCUMENTS)
	@$(BIN)/python -m workflows.lint

types: setup  ## mypy, strict
	@$(BIN)/mypy

imports: setup  ## The import rules of pyproject.toml
	@$(BIN)/lint-imports

unit: setup  ## Fast tests, AWS by moto
	@$(PYTEST) tests/unit

workflows: setup  ## The state machines alone, on each available engine
	@$(PYTEST) tests/workflows

infrastructure: setup  ## Templates, zips, cfn-lint, cdk-nag
	@$(PYTEST) tests/infrastructure

emulator: setup  ## The deployed pipeline with IAM enforced
	@$(PYTEST) tests/emulator

e2e: setup  ## The deployed pipeline over HTTP, from a client's view
	@$(PYTEST) tests/e2e

sabotage: setup  ## Kill workers at every line and at random, then audit: make sabotage OPTIONS="--minutes 10"
	@$(PYTEST) tests/sabotage $(OPTIONS)

test-docker: setup  ## The state machines on Step Functions Local (needs a Docker engine with compose)
	@docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1 || \
		{ echo "make test-docker needs a Docker engine with the compose plugin; none responds" >&2; exit 1; }
	@$(PYTEST) tests/workflows -k step-functions-local

test-arm64: setup  ## The zips for AWS, executed by an emulated arm64 Python 3.13 (needs Debian's apt and dpkg)
	@$(PYTEST) tests/arm64 -rs -s

test-browser: setup tests/browser/node_modules/.complete  ## The pages of docs/frontend in headless Chromium, through the local edge
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/browser.txt
	@$(PYTEST) tests/browser

test-detector: setup $(VENV)/.detector  ## The local detector: real photographs, judged by the model
	@$(PYTEST) tests/detector

test-package: setup  ## The installed package: pip install . in an empty environment
	@$(PYTEST) tests/package

tests/browser/node_modules/.complete: tests/browser/package-lock.json
	@echo "Installing Next.js into tests/browser/node_modules ..."
	@cd tests/browser && npm ci --omit=optional --ignore-scripts --loglevel=error --no-audit --no-fund
	@touch $@

gallery: setup  ## Show uploads next to their variants: .local/gallery/index.html (BEFORE=checkout of an earlier release)
	@$(BIN)/python -m tests.corpus.gallery $(if $(BEFORE),--before $(BEFORE))

format: setup  ## Fix layout and imports with ruff, and the layout of the documents with mdformat
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/mdformat $(DOCUMENTS)

bench: setup benchmarks/.cache/.complete  ## Compare with the peers; writes benchmarks/results.json and docs/performance.md
	@$(BIN)/python -m cdk.packaging --arch host >/dev/null
	@benchmarks/.cache/venv/bin/python -m benchmarks
	@$(BIN)/mdformat docs/performance.md

costs: setup  ## Write the tables of docs/costs.md and docs/rejudging.md from the cost model
	@$(BIN)/python -m benchmarks.costs_page
	@$(BIN)/python -m benchmarks.rejudging
	@$(BIN)/mdformat docs/costs.md docs/rejudging.md

benchmarks/.cache/.complete: requirements/bench.txt benchmarks/package-lock.json $(VENV)/.complete
	@echo "Installing the peers into benchmarks/.cache ..."
	@mkdir -p benchmarks/.cache/node
	@test -x benchmarks/.cache/venv/bin/python || $(PYTHON) -m venv benchmarks/.cache/venv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python benchmarks/.cache/venv/bin/python --require-hashes -r requirements/bench.txt
	@cp benchmarks/package.json benchmarks/package-lock.json benchmarks/.cache/node/
	@cd benchmarks/.cache/node && npm ci --loglevel=error --no-audit --no-fund
	@touch $@

# --- AWS --------------------------------------------------------------------------------------------------

# A stage's own keys are in keys/. Missing keys of dev are created. Another stage without keys is synthesized with
# temporary keys, and `make deploy` refuses it, because new keys invalidate every signed URL.
OWN_KEYS = $(wildcard keys/$(STAGE)/viewers/*.pem keys/$(STAGE)/control/*.pem)
SYNTH_KEYS = $(if $(filter dev,$(STAGE))$(OWN_KEYS),keys,build/keys)/$(STAGE)

synth: setup  ## Write the templates of a real stage into cdk.out: make synth STAGE=dev
	@$(if $(OWN_KEYS),,$(BIN)/image-scaler keys create --directory $(SYNTH_KEYS) --if-missing)
	@npx --no-install cdk synth --quiet -c stage=$(STAGE) -c keys=$(SYNTH_KEYS)

deploy: setup  ## Check the account of your AWS credentials and deploy both stacks: make deploy STAGE=dev ALARM_EMAIL=you@example.com
	@$(if $(OWN_KEYS)$(filter-out dev,$(STAGE)),,$(BIN)/image-scaler keys create --stage dev)
	@npx --no-install cdk synth --quiet -c stage=$(STAGE) $(if $(ALARM_EMAIL),-c alarm_email=$(ALARM_EMAIL))
	@$(BIN)/image-scaler preflight --stage $(STAGE) $(if $(filter none,$(ALARM_EMAIL)),--no-alarm-email)
	@npx --no-install cdk deploy --app cdk.out --all

smoke: setup  ## Test a deployed stage step by step: make smoke STAGE=dev (a profile of docs/cli.md; `local` without STAGE)
	@$(BIN)/image-scaler smoke --report .local/smoke.json $(if $(filter command line environment,$(origin STAGE)),--profile $(STAGE))

destroy: setup  ## Remove a stage's stacks; the buckets and the table of a real stage remain, with their data
	@npx --no-install cdk destroy --all -c stage=$(STAGE)

# --- maintenance ------------------------------------------------------------------------------------------

lock: setup  ## Update the lock files from requirements/*.in (hashes, no hosts)
	@cd requirements && for input in dev.in $$(ls *.in | grep -vx dev.in); do $(COMPILE) --upgrade "$$input" -o "$${input%.in}.txt"; done

clean:  ## Remove all untracked files that can be generated again
	@rm -rf $(VENV) node_modules build cdk.out .local benchmarks/.cache tests/browser/node_modules .coverage \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
