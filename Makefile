# Everything a developer or CI does, by name. `make` lists it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONNECTORS := $(sort $(wildcard connectors/*/pyproject.toml))
# Some tests wait most of their time: half as many again as there are cores keep those busy.
WORKERS ?= $(shell echo $$(( ($$(nproc) * 3 + 1) / 2 )))
EDITABLE := -e . $(foreach project,$(CONNECTORS),-e $(dir $(project)))

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-short test compiled contract check static format lint types layers docs docs-check \
  lock clean kill kill-short bench bench-sync bench-idle bench-scan bench-short

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## a virtual environment with syncd and all its connectors

$(VENV)/.ready: requirements/dev.txt pyproject.toml $(CONNECTORS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation $(EDITABLE)
	touch $@

demo: setup ## the whole thing in a minute: a world of late parcels, on loopback
	$(BIN)/syncd demo

demo-short: setup ## the same in twenty seconds, its figures checked
	$(BIN)/syncd demo --json --seconds 20 | $(BIN)/python .ci/demo_figures.py

test: setup ## all tests that this machine can run
	$(BIN)/pytest -n $(WORKERS) --dist worksteal tests

compiled: setup ## the tests' modules, compiled once: else each worker of `test` does it by itself
	-@$(BIN)/pytest --collect-only -qq tests >/dev/null

contract: setup ## requests and fakes' answers through Prism, a proxy that validates them
	@if [ ! -d ../shared/specs ]; then \
	  echo "contract: skipped, the published descriptions (../shared/specs) are not here"; \
	elif ! command -v npm >/dev/null; then echo "contract: skipped, npm is not installed"; \
	else $(MAKE) --no-print-directory .venv-prism/.ready && \
	  $(BIN)/python -m tests.contract.prism --prism .venv-prism/node_modules/.bin/prism; fi

# Without the scripts of its packages: one of them reports to its maker that it was installed.
.venv-prism/.ready: requirements/prism.json requirements/prism-lock.json
	mkdir -p $(@D)
	cp requirements/prism.json $(@D)/package.json
	cp requirements/prism-lock.json $(@D)/package-lock.json
	npm ci --prefix $(@D) --silent --ignore-scripts --no-audit --no-fund
	touch $@

check: static test ## everything CI asks of a change

static: types lint layers docs-check ## of that, what runs no tests

kill: setup ## kill -9 the daemon fifty times under load: nothing may be lost or told twice
	$(BIN)/python tests/system/killing.py --kills 50

kill-short: setup ## ten such kills, in less than a minute
	$(BIN)/python tests/system/killing.py --kills 10 --seed 1

format: setup ## put the code in its canonical form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: setup ## formatting and ruff
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup ## mypy --strict
	$(BIN)/mypy syncd $(foreach project,$(CONNECTORS),$(dir $(project))syncd_$(notdir $(patsubst %/,%,$(dir $(project)))))

layers: setup ## imports go down the layers
	$(BIN)/lint-imports

docs: setup ## write the sample configs and the reference of settings and verbs anew
	$(BIN)/python -m syncd.cli.generated

docs-check: setup ## the files that `make docs` writes are as it would write them
	$(BIN)/python -m syncd.cli.generated --check

bench: bench-sync bench-idle bench-scan ## how fast it is, beside its peers and this machine's bounds

bench-sync: setup .venv-bench/.ready ## the first and the second pull of 100,000 messages
	$(BIN)/python -m benchmarks.sync

bench-idle: setup ## 10,000 accounts that have nothing new, and real connectors that have none
	$(BIN)/python -m benchmarks.idle

bench-scan: setup ## a watch round over 10,000 due parcels of 1,000,000, and over all of them
	$(BIN)/python -m benchmarks.scan

bench-short: setup ## all of them small and without peers, in a minute: are the figures sane?
	$(BIN)/python -m benchmarks.sync --messages 10000 --rounds 1 --no-peers
	$(BIN)/python -m benchmarks.idle --accounts 500 --seconds 10 --interval 10 \
	  --connector-accounts 30 --rounds 2
	$(BIN)/python -m benchmarks.scan --shipments 10000 --due 2000 --rounds 1

.venv-bench/.ready: requirements/bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet -r requirements/bench.txt
	touch $@

lock: setup ## write requirements/dev.txt anew from pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --extra dev \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
	  --upgrade --output-file requirements/dev.txt pyproject.toml

clean: ## remove what make made
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
