# make run   installs, trains, migrates and starts everything, and prints the address
# make test  installs and runs every test
# make lint  ruff, mypy, import-linter
# Everything lives in this folder: .tools (uv), .venv (the app), .engine (Rasa), models, var (your data).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
UV := .tools/bin/uv
APP := .venv/bin/python
ENGINE := .engine/bin/python
export UV_NO_CONFIG := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup run test lint format lock bench clean model mutants chaos

help:
	@sed -n '1,4s/^# //p' Makefile; echo "make format bench lock clean"

setup: .cache/app.installed .cache/engine.installed model

run: setup
	@MINGSHI_DEV=$${MINGSHI_DEV-1} .venv/bin/mingshi run

test: setup
	@$(APP) -m pytest -n $${JOBS:-2} --dist loadfile --ignore tests/e2e $(ARGS) || [ $$? -eq 5 ]
	@$(APP) -m pytest tests/e2e $(ARGS) || [ $$? -eq 5 ]

lint: .cache/app.installed
	@.venv/bin/ruff check -q bot domain nlu tests benchmarks
	@.venv/bin/ruff format -q --check bot domain nlu tests benchmarks
	@.venv/bin/mypy -p domain -p bot
	@.venv/bin/lint-imports --no-logo >/dev/null || .venv/bin/lint-imports --no-logo

format: .cache/app.installed
	@.venv/bin/ruff check -q --fix bot domain nlu tests benchmarks; .venv/bin/ruff format -q bot domain nlu tests benchmarks

bench: setup
	@$(APP) -m benchmarks.run $(ARGS)

# What no test notices (docs/testing.md); remembers what it has tried. ARGS="--sample 300 --processes 1" for less.
mutants: .cache/app.installed
	@nice -n 15 $(APP) tools/mutants.py $(ARGS)

# Looks for new ways to break the promises of a whole life, as long as EXAMPLES lasts (about two seconds each).
chaos: .cache/app.installed
	@MINGSHI_CHAOS=$${EXAMPLES:-300} $(APP) -m pytest tests/whole_life -q $(ARGS)

# The trained model is named by the content of its sources, so an unchanged one costs a second.
model: .cache/engine.installed
	@$(ENGINE) -m nlu.inside_rasa.build --models models >/dev/null

.tools/bin/uv:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed as python3"; exit 1; }
	@echo "installing uv into .tools"; python3 -m venv .tools && .tools/bin/pip -q install 'uv>=0.9'

.cache/app.installed: locks/app.txt pyproject.toml | .tools/bin/uv
	@echo "installing the app's environment (.venv)"; mkdir -p .cache
	@test -x $(APP) || $(UV) venv -q --python "$$(bash tools/find-python 3.11 3.12 3.13)" .venv
	@$(UV) pip sync -q --python $(APP) locks/app.txt
	@$(UV) pip install -q --python $(APP) --no-deps --no-build-isolation -e .
	@touch $@

.cache/engine.installed: locks/engine.txt | .tools/bin/uv
	@echo "installing the engine's environment (.engine), about 2.5 GB"; mkdir -p .cache
	@test -x $(ENGINE) || $(UV) venv -q --python "$$(bash tools/find-python 3.10)" .engine
	@$(UV) pip sync -q --python $(ENGINE) locks/engine.txt
	@$(ENGINE) -m compileall -q -j 0 .engine/lib >/dev/null 2>&1 || true
	@touch $@

# Locks name versions and hashes only, no index.
lock: .tools/bin/uv
	@$(UV) pip compile -q pyproject.toml --group test --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -o locks/app.txt
	@$(UV) pip compile -q locks/engine.in --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -o locks/engine.txt

clean:
	rm -rf .tools .venv .engine .cache models
