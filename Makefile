# Everything a developer or a build server runs, by one word. `make run` is the place to start.
.DEFAULT_GOAL := help
.PHONY: help run test check lint types imports coverage bench policy clean

# Where it was forbidden to keep compiled modules, every one of the many processes would compile a thousand of them.
export PYTHONDONTWRITEBYTECODE :=

PYTEST := .venv/bin/python -m pytest -n auto --maxprocesses 8 --dist worksteal --durations 15

help: ## Say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Set up, start Deskward with its sandbox and print the addresses
	@scripts/setup run
	@exec .venv/bin/python -m sandbox

test: ## Set up and run every test, the browser story included
	@scripts/setup test
	$(PYTEST)

check: lint types imports coverage ## Lint, types, imports, tests and coverage

lint:
	@scripts/setup test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types:
	@scripts/setup test
	.venv/bin/mypy

imports:
	@scripts/setup test
	.venv/bin/lint-imports

coverage:
	@scripts/setup test
	$(PYTEST) --cov --cov-report=json:var/coverage.json --cov-report=
	.venv/bin/python scripts/coverage_floor.py var/coverage.json

bench: ## Measure, each number beside its floor
	@scripts/setup test
	.venv/bin/python -m bench

policy: ## Write what the sandbox's policy lets through into docs/policy.md
	@scripts/setup test
	.venv/bin/python -m scripts.policy_doc

clean: ## Remove everything that set-up and runs left here
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
	find bench sandbox scripts src tests -name __pycache__ -prune -exec rm -rf {} +
