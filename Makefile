# Every target sets up what it needs, once, and again only when pyproject.toml or constraints.txt changed.
.DEFAULT_GOAL := help
.PHONY: help setup demo up down test unit bench lint constraints clean

BIN := .venv/bin
STAMP := .venv/.stamp
DEMO := build/demo

help:           ## This list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

setup: $(STAMP) ## Make .venv with everything, fetch the Delta jars

$(STAMP): pyproject.toml constraints.txt
	@scripts/setup

demo: setup     ## A synthetic hospital to a published release, about five minutes
	@scripts/preflight >/dev/null
	@$(BIN)/python -m chartline.demo run $(DEMO)

up: setup       ## The same, and Airflow stays until Ctrl-C or 'make down'
	@scripts/preflight >/dev/null
	@$(BIN)/python -m chartline.demo up $(DEMO)

down: setup     ## End what 'make up' keeps
	@$(BIN)/python -m chartline.demo down $(DEMO)

test: setup     ## All tests
	@scripts/preflight >/dev/null
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

unit: setup     ## The tests that need neither Spark nor Airflow's components
	$(BIN)/python -m pytest -q -n 2 -m "not spark and not live" --ignore=tests/end_to_end --ignore=tests/docs

bench: setup    ## Speed and quality figures
	@scripts/preflight >/dev/null
	$(BIN)/python -m bench

lint: setup     ## Format, style, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

constraints:    ## Resolve every version again, with hashes and without addresses (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header -q -o constraints.txt

clean:          ## Remove what was built; .venv stays
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m chartline.demo down $(DEMO); fi
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis spark-warehouse metastore_db derby.log
