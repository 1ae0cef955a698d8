# The two commands of the README. Both set up what they need; the second time they start at once.
# What they call can be typed by hand: `locust --headless --config config/profiles/quick.conf`, `pytest`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.requirements
DEV_STAMP := $(VENV)/.requirements-dev

.PHONY: help load test lint coverage scenarios drills longer calibrate chaos leaks fronts addresses clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

load: $(RUN_STAMP) ## run the main load test (profile quick, embedded network) and leave a report
	$(BIN)/locust --headless --config config/profiles/quick.conf $(ARGS)

test: lint ## lint, types, the floors of the house, and all tests
	$(BIN)/pytest -n 2 --dist loadscope $(ARGS)

lint: $(DEV_STAMP) ## what is looked at without running anything: form, types, the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(DEV_STAMP) ## branch coverage of all tests together, whole runs and their processes included (ARGS=tests/ROOM for some)
	rm -rf .coverage-data && mkdir .coverage-data
	$(BIN)/coverage run -m pytest -n 2 --dist loadscope $(ARGS)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

scenarios: $(RUN_STAMP) ## run every scenario briefly, one after the other (ARGS are options of locust)
	$(BIN)/python -m scenarios run all --brief $(ARGS)

drills: $(DEV_STAMP) ## each drill with what it drills and without, where it has to fail; the scenarios' longer tests (half an hour)
	$(BIN)/pytest $(addprefix tests/e2e/test_,drills.py edge_faults.py gates.py shapes.py monitor_events.py own_application.py scenarios.py connectivity.py) \
		tests/fronts/test_waiting_lines.py tests/hedera_users/test_relay_transfers.py tests/localnet/faults tests/localnet/interop/test_hcs1.py \
		-q -m "background or not background" $(ARGS)

longer: $(DEV_STAMP) ## every test that `make test` has no time for, those of the targets around here too (an hour and a half)
	$(BIN)/pytest -q -m background $(ARGS)

calibrate: $(DEV_STAMP) ## hold the reported overhead, and consensus's two moments, against the network's own count (about thirteen minutes)
	$(BIN)/python -m benchmarks.calibrate $(ARGS)

chaos: $(DEV_STAMP) ## try 200 schedules of faults on the whole stack (about twenty minutes; SCHEDULES=n for others)
	CHAOS_SCHEDULES=$(or $(SCHEDULES),200) $(BIN)/pytest tests/chaos -q -m "background or not background" $(ARGS)

leaks: $(DEV_STAMP) ## run for three minutes with a planted leak, and for three without (about seven minutes)
	$(BIN)/pytest tests/e2e/test_leaks.py -q -m "background or not background" $(ARGS)

addresses: $(RUN_STAMP) ## refresh the built-in lists of nodes (ARGS="--network mainnet --address-book-file FILE")
	$(BIN)/python -m hedera_client addresses $(ARGS)

fronts: $(DEV_STAMP) ## run loads through HAProxy, nginx, Netty, grpc-js and grpc-go before the nodes (about fifteen minutes; EXAMPLES=n of cuts; docs/fronts.md)
	REQUIRE_FRONTS=1 FRONTS_EXAMPLES=$(or $(EXAMPLES),30) $(BIN)/pytest tests/fronts -q -m "background or not background" $(ARGS)

clean: ## remove the virtual environment and all reports
	rm -rf $(VENV) reports/out

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV_STAMP): requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(RUN_STAMP) $@
