# Two commands for newcomers: `make up` serves the demo shop, `make test` runs every test.

VENV := .venv
STAMP := $(VENV)/.set-up

.PHONY: help up setup test check

help:
	@echo "make up      prepare everything, start the demo shop, print where to go (Ctrl-C stops it)"
	@echo "make test    check the code and run all tests"
	@echo "make check   ruff and mypy alone"
	@echo "make setup   make the Python environment in $(VENV)"

up: $(STAMP)
	@$(VENV)/bin/rapport up

setup: $(STAMP)

$(STAMP): requirements.txt pyproject.toml scripts/setup.sh
	@scripts/setup.sh
	@touch $@

check: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

# pytest's closing line is the last thing printed.
test: check
	@$(VENV)/bin/python -m pytest
