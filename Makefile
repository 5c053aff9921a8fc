# The same few commands for a newcomer and for CI. `make demo` and `make test` need git, make and Python >= 3.11, no more.
PYTHON ?= python3
BIN := .venv/bin
# The demo says how long it took from the command on, the making of .venv included.
STARTED := $(shell date +%s)
.PHONY: .venv demo test test-services check lock up clean

demo: .venv
	@exec $(BIN)/plagewatch demo --started $(STARTED) $(ARGS)

test: .venv
	@$(BIN)/pytest -n auto -q

test-services: .venv
	@$(BIN)/pytest -n auto -q --require-services

check: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tests

.venv: .venv/ready

.venv/ready: requirements.lock requirements-uv.lock scripts/make-venv
	@PYTHON="$(PYTHON)" scripts/make-venv

# After a change of dependencies in pyproject.toml.
# Not by way of .venv: that would be made anew, under whatever runs in it, as soon as the lock file has changed.
lock:
	@test -x $(BIN)/uv || $(MAKE) .venv
	$(BIN)/uv pip compile pyproject.toml --group dev --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock

# The production set-up: Mosquitto, InfluxDB, Grafana and plagewatch; needs Docker.
up:
	docker compose up --build

clean:
	rm -rf .venv .plagewatch
