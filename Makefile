# Every target makes the environment first, if it is not there or the lock files have changed.
SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN := .venv/bin
READY := .venv/.ready
CODE := services shared sandbox shopctl audit chaos loadtests
SOURCES := $(wildcard $(CODE)) tests

ORDERS ?= 300
# Test files side by side; more than the cores, since most of their time is waiting for servers.
WORKERS ?= 3
FAULT ?=
SEED ?= 1
ROUNDS ?= 20
NAME ?=
FILE ?=
ARGS ?=

.PHONY: help
help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

# ── try it ───────────────────────────────────────────────────────────────────────────────────────

.PHONY: demo
demo: $(READY) ## Start the whole shop, sell (ORDERS=300), show it live, audit, stop
	@$(BIN)/python -m shopctl demo --orders $(ORDERS) $(ARGS)

.PHONY: replay
replay: $(READY) ## Play real orders (FILE=online_retail.csv[.gz]) into the running stack
	@test -n "$(FILE)" || { echo "say which file: make replay FILE=online_retail.csv.gz" >&2; exit 2; }
	@$(BIN)/python -m shopctl replay "$(FILE)" $(ARGS)

# ── the local stack ──────────────────────────────────────────────────────────────────────────────

.PHONY: up
up: $(READY) ## Start the local stack in the background; .run/stack.json says where everything is
	@$(BIN)/python -m shopctl up $(ARGS)

.PHONY: down
down: $(READY) ## Stop the local stack and delete its data
	@$(BIN)/python -m shopctl down $(ARGS)

.PHONY: status
status: $(READY) ## Show what runs, where, and how much memory it takes
	@$(BIN)/python -m shopctl status $(ARGS)

.PHONY: logs
logs: $(READY) ## Show a part's log (NAME=order)
	@$(BIN)/python -m shopctl logs $(NAME) $(ARGS)

.PHONY: restart
restart: $(READY) ## Restart a part (NAME=order, nats, postgres, …), same port, same data
	@$(BIN)/python -m shopctl restart $(NAME) $(ARGS)

.PHONY: kill
kill: $(READY) ## Kill a part the hard way (NAME=order, nats, …); restart brings it back
	@$(BIN)/python -m shopctl kill $(NAME) $(ARGS)

.PHONY: audit
audit: $(READY) ## Check every invariant of the running stack from outside
	@$(BIN)/python -m audit $(ARGS)

.PHONY: chaos
chaos: $(READY) ## Break the shop in every way, under load, and audit (FAULT=nats-kill SEED=7 ROUNDS=5)
	@$(BIN)/python -m chaos $(FAULT:%=--fault %) --seed $(SEED) --rounds $(ROUNDS) $(ARGS)

# ── the same as containers ───────────────────────────────────────────────────────────────────────

.PHONY: docker-up
docker-up: ## Build and start the whole system with Docker; returns when all is healthy
	docker compose up -d --build --wait

.PHONY: docker-audit
docker-audit: ## Check every invariant of the containers' shop
	docker compose run --rm --build audit

.PHONY: docker-down
docker-down: ## Stop the containers and delete their data
	docker compose down -v

# ── measure ──────────────────────────────────────────────────────────────────────────────────────

.PHONY: bench
bench: $(READY) ## What an order costs (QUICK=1: two minutes; AGAINST=ref: compare; BASELINE=1; PUBLISH=1)
	@$(BIN)/python -m loadtests.bench $(if $(QUICK),--quick) $(if $(AGAINST),--against "$(AGAINST)") \
		$(if $(BASELINE),--baseline) $(if $(PUBLISH),--publish) $(if $(FILE),--file "$(FILE)") $(ARGS)

# With WEB=1 users, rate and time are chosen in the browser, unless SHAPE is given.
.PHONY: load
load: $(READY) ## Locust (USERS=50 RATE=10 TIME=60 SHAPE=steady|steps|spike|flash|soak P99_MS=; WEB=1: its web UI)
	@mkdir -p .run/load
	@LOAD_SHAPE="$(or $(SHAPE),$(if $(WEB),,steady))" LOAD_USERS="$(USERS)" LOAD_RATE="$(RATE)" \
		LOAD_TIME="$(TIME)" LOAD_P99_MS="$(P99_MS)" LOAD_CONFIRMED_P99_MS="$(CONFIRMED_P99_MS)" \
		LOAD_MAILED_P99_MS="$(MAILED_P99_MS)" $(BIN)/locust -f loadtests/locustfile.py \
		$(if $(WEB),--web-host 127.0.0.1,--headless --only-summary) \
		--html .run/load/report.html $(ARGS)

# ── develop ──────────────────────────────────────────────────────────────────────────────────────

.PHONY: test
test: $(READY) ## Run the whole test suite, on real servers
	@# The longest file first; each file has servers of its own.
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
		tests/faults tests/integration tests/unit $(ARGS)
	@$(BIN)/python -m pytest tests/e2e $(ARGS)  # one whole shop for all, one after the other

.PHONY: lint
lint: $(READY) ## ruff, mypy --strict, import rules, dependencies, spelling, event schemas
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/codespell
	$(BIN)/python -m shared.events.schemas --check
	$(BIN)/python -m shopctl settings --check

.PHONY: check
check: lint test ## All quality gates: lint, then the tests

.PHONY: fmt
fmt: $(READY) ## Format the code, mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: $(READY) ## Pin and hash the dependencies anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header -c requirements.txt --extra dev pyproject.toml -o requirements-dev.txt

.PHONY: clean
clean: ## Remove the environment, caches and what the stack left
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m shopctl down >/dev/null 2>&1 || true; fi
	rm -rf .venv .run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements-dev.txt
	@test -x $(BIN)/python || python=$$(deploy/find-python) || { \
		echo "Python 3.11 or newer with its venv module is needed: install it" \
			"(python.org; Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
	echo "Making the environment in .venv (once; about a minute) …"; \
	test -x $(BIN)/python || $$python -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(READY)
