# proctor: two commands matter. `make run` sets up and starts the main job; `make test` sets up and passes the tests.
# Another interpreter: make run PYTHON=python3.12
PYTHON ?= python3
export PYTHON
# a machine may ask Python to keep nothing of what it compiled: then each command compiles the program anew
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
.PHONY: run test check lint format bench fuzz soak interop pictures clean help

help:
	@echo "make run     set up and start: the station's window with a display, a whole training session without one"
	@echo "make test    set up and run every test (under 15 minutes on 2 cores)"
	@echo "make check   lint, types, import contracts, tests: what CI runs"
	@echo "make bench   measure; prints tables, asserts nothing; last the rendered attacks, two of each species, some minutes"
	@echo "             (more of them: .venv/bin/python -m tests.bench.bench_pad --presentations 30)"
	@echo "make fuzz    every parser and protocol step under atheris: 1,000,000 inputs or 10 minutes each"
	@echo "             (FUZZ_RUNS, FUZZ_SECONDS; one target: make fuzz FUZZ='sod dg14')"
	@echo "make soak    the slow tests; power cuts, kills and tampering at full counts (under an hour on 2 cores); writes docs/soak.md"
	@echo "             (a part: make soak SOAK='power --count 100')"
	@echo "make interop every cipher with every curve and group against cards and readers that are not ours"
	@echo "make pictures every page of the window in both languages and three sizes: build/pictures/index.html (needs Xvfb)"
	@echo "             (a part: make pictures PICTURES='--area desk --language vi')"

run:
	@.ci/setup run
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then exec $(BIN)/proctor station; else exec $(BIN)/proctor training --headless --candidates 8; fi

test:
	@.ci/setup test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

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

fuzz:
	@.ci/setup test
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[fuzz]'
	$(BIN)/python -m tests.fuzz $(FUZZ)

soak:
	@.ci/setup test
	$(BIN)/python -m pytest -m slow
	$(BIN)/python -m tests.soak $(SOAK)

interop:
	@.ci/setup test
	INTEROP_ALL=1 PROCTOR_REQUIRE_VPCD=1 $(BIN)/python -m pytest tests/interop

pictures:
	@.ci/setup test
	@mkdir -p build/pictures
	$(BIN)/python -m tests.gui.all_pictures build/pictures $(PICTURES)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build *.egg-info
