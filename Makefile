# Every target sets itself up: it needs Python 3.11 or newer, make and a C compiler.
#
#   make test PYTHON=python3.12    another interpreter
#   make test VENV=../elsewhere    another virtual environment
#   make test PYTEST='-k refund'   other options of pytest

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifeq ($(origin PYTHON),undefined)
PYTHON := $(or $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done),python3)
endif
VENV ?= .venv
BIN := $(VENV)/bin
EXTRAS ?= [dev]
PYTEST ?= -n auto

# Python 3.13 dropped a C function that durable-rules calls; PyObject_CallObject is the same
# for it. The flag is given as part of the compiler's name because the setup.py of
# durable-rules overwrites CFLAGS. It does no harm on 3.11 and 3.12.
DURABLE := $(shell sed -n 's/.*"\(durable-rules==[^"]*\)".*/\1/p' pyproject.toml)
DURABLE_FLAG ?= -DPyEval_CallObject=PyObject_CallObject
ifeq ($(origin CC),default)
CC = $(shell $(PYTHON) -c 'import sysconfig; print(sysconfig.get_config_var("CC") or "cc")')
endif

# loyalcore, and the plugins beside it.
PROJECTS := pyproject.toml $(wildcard plugins/*/pyproject.toml)

# Named by the interpreter, so that another PYTHON makes another environment.
INSTALLED := $(VENV)/installed-$(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)

.PHONY: help demo test coverage check bench docs format clean venv
.PHONY: check-format check-lint check-types check-imports check-docs

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-22s%s\n", $$1, $$2}'

demo: venv build/cdnow.csv ## Run the record shop's program over 69,659 real purchases
	@rm -f build/record-shop.db*
	$(BIN)/loyalcore run rulesets/record-shop/record-shop.yaml --db build/record-shop.db \
		--map time=date build/cdnow.csv
	@echo
	$(BIN)/loyalcore explain --db build/record-shop.db --customer 00111
	@echo
	@echo 'Next, look around in what was decided:'
	@echo '  $(BIN)/loyalcore explain --db build/record-shop.db --customer 00111 --rule christmas'
	@echo '  $(BIN)/loyalcore customer show --db build/record-shop.db 00111'
	@echo '  $(BIN)/loyalcore tier show --db build/record-shop.db 00111'
	@echo '  $(BIN)/loyalcore ledger balance --db build/record-shop.db --customer 00111'
	@echo 'change rulesets/record-shop/record-shop.yaml and make demo again, or begin your own:'
	@echo '  $(BIN)/loyalcore new my-club'

test: venv ## Run the tests
	$(BIN)/pytest $(PYTEST)

coverage: venv ## Run the tests, and tell which lines and branches they reach: a third slower
	$(BIN)/pytest $(PYTEST) --cov --cov-report=term

check: check-format check-lint check-types check-imports check-docs test ## Run everything that must pass

bench: venv ## Measure speed and memory
	$(BIN)/python tests/benchmarks/bench.py

docs: venv ## Write the pages of docs/ that are made from the code
	$(BIN)/python docs/generate.py

format: venv ## Format the code, and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean: ## Remove what make made
	rm -rf .venv build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

check-format: venv
	$(BIN)/ruff format --check .

check-lint: venv
	$(BIN)/ruff check .

check-types: venv
	$(BIN)/mypy src $(wildcard plugins/*/src)

check-imports: venv
	$(BIN)/lint-imports

check-docs: venv
	$(BIN)/python docs/generate.py --check

venv: $(INSTALLED)

# Built without pip's cache, which may hold a durable-rules that was built without the flag.
$(INSTALLED): $(PROJECTS)
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo 'loyalcore needs Python 3.11 or newer, and "$(PYTHON)" is not: make PYTHON=...' >&2; exit 1; }
	@test ! -e $(VENV) || test -e $(VENV)/pyvenv.cfg || { \
		echo '$(VENV) is there and is no virtual environment' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	CC='$(strip $(CC) $(DURABLE_FLAG))' $(BIN)/python -m pip install --quiet \
		--no-cache-dir --no-binary durable-rules $(DURABLE)
	$(BIN)/python -m pip install --quiet $(patsubst %pyproject.toml,--editable '%.$(EXTRAS)',$(PROJECTS))
	@touch $@

build/cdnow.csv: rulesets/record-shop/fetch.py | venv
	$(BIN)/python $< build
