# proctor: two commands matter. `make run` sets up and starts the main job; `make test` sets up and passes the tests.
# Another interpreter: make run PYTHON=python3.12
PYTHON ?= python3
export PYTHON
BIN := .venv/bin
.PHONY: run test check lint format bench clean help

help:
	@echo "make run     set up and start: the station's report with a display, a whole training session without one"
	@echo "make test    set up and run every test (under 15 minutes on 2 cores)"
	@echo "make check   lint, types, import contracts, tests: what CI runs"
	@echo "make bench   measure; prints tables, asserts nothing"

run:
	@.ci/setup run
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then exec $(BIN)/proctor station; else exec $(BIN)/proctor training --headless; fi

test:
	@.ci/setup test
	$(BIN)/python -m pytest

lint:
	@.ci/setup test
	$(BIN)/ruff format --check --config tests/ruff.toml .
	$(BIN)/ruff check --config tests/ruff.toml .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg --no-cache

check: lint test

format:
	@.ci/setup test
	$(BIN)/ruff format --config tests/ruff.toml .
	$(BIN)/ruff check --fix --config tests/ruff.toml .

bench:
	@.ci/setup test
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build *.egg-info
