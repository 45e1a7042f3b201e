# make run: start the app.   make test: everything that must hold.   make bench: speed and memory.
# make reproduce: the learning figures of docs/reproduced.md (TEXT=PATH adds tiny Shakespeare).
PY := .venv/bin/python
PORT ?= 8501
export PYTHONPATH := $(CURDIR)

.PHONY: run test lint types unit browser bench reproduce tools

.venv/app.done: requirements.txt
	python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev.done: requirements-dev.txt .venv/app.done
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

run: .venv/app.done
	@echo "Unroll is at http://localhost:$(PORT) (stop it with Ctrl-C)"
	@$(PY) -m streamlit run app.py --server.port $(PORT) --server.headless true

tools: .venv/dev.done
	@sh tests/install_tools.sh

lint: .venv/dev.done
	$(PY) -m ruff check .
	.venv/bin/lint-imports

types: .venv/dev.done
	$(PY) -m mypy

unit: tools
	$(PY) -m pytest tests/unit tests/property tests/app

browser: tools
	$(PY) -m pytest tests/browser

test: tools lint types
	$(PY) -m pytest tests

bench: tools
	$(PY) -m benchmarks

reproduce: tools
	$(PY) -m benchmarks.reproduce $(if $(TEXT),--text $(TEXT))
