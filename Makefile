# Two commands: `make quickstart` shows what Assay does, `make test` runs its tests.
# Each makes the virtual environment that it needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml

.PHONY: quickstart test lint clean

quickstart: $(VENV)/installed-local
	$(BIN)/assay models add smollm2-135m
	$(BIN)/assay models add qwen2.5-coder-1.5b
	$(BIN)/assay quickstart

test: $(VENV)/installed-test
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: $(VENV)/installed-test
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/installed-local: $(VENV)/made $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable '.[local]'
	touch $@

$(VENV)/installed-test: $(VENV)/made $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable '.[local,peers,test]'
	touch $@

# Debian's Python comes without ensurepip: there the system's pip fills the environment.
$(VENV)/made:
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	touch $@

clean:
	rm -rf $(VENV) build dist
