# For developers. Operators need run.py alone.
PYTHON := .venv/bin/python
UV := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
.DEFAULT_GOAL := help
.PHONY: help prepare format lint types test bench lock clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

prepare:  ## Make .venv hold everything, tools included
	@python3 run.py prepare --dev

format: prepare  ## Lay out the code and mend what ruff can mend
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

lint: prepare  ## Check the code's layout and look for likely mistakes
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: prepare  ## Check the types
	$(PYTHON) -m mypy

test:  ## Run the tests; ARGS="-k redis -n 2" goes to pytest
	python3 run.py test $(ARGS)

bench: prepare  ## Measure the webhook; QUICK=1 takes under a minute, JSON=FILE writes the numbers
	$(PYTHON) -m tests.bench $(if $(QUICK),--quick) $(if $(JSON),--json $(JSON))

lock: prepare  ## Pin the newest versions that requirements*.in allow; UPGRADE=1 looks beyond those pinned now
	$(UV) $(if $(UPGRADE),--upgrade) requirements.in -o requirements.txt
	$(UV) $(if $(UPGRADE),--upgrade) requirements-dev.in -c requirements.txt -o requirements-dev.txt

clean:  ## Delete what can be made again; var/, the data, stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
