# Bare `make` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
CODE := mesh local envoy openapi client auth_svc movie_svc ugc_svc booking_svc notify_svc bench drill tests
# The variables of the targets: make logs S=booking, make test T=tests/booking, make tokens R=user, make drill SEED=7, make mail N=1.
S ?=
T ?= tests
M ?=
R ?=
SECONDS ?=
WITHDRAW ?=
SEED ?=
N ?=
OFFSET ?=
TELLING ?=
WATCHING ?=
AUTHORITY ?=
TO ?=
FROM ?=

.PHONY: help client up env down restart status top logs certificates backup restore tokens rotate-keys mail mails clock demo test check fix protos openapi audit migration bench growth timing

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# Rebuilt from nothing whenever the lock changes: what was dropped from it must not stay installed.
.venv/.installed: requirements.lock
	@echo "Building .venv from requirements.lock; the first time this downloads about 200 MB."
	@command -v python3 > /dev/null || { echo "Python 3.11 is missing: install python3 and python3-venv."; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed, python3 is $$(python3 -V)."; exit 1; }
	@python3 -m venv --clear .venv || { echo "Install the package python3-venv, then try again."; exit 1; }
	@.venv/bin/pip install -qq --disable-pip-version-check --no-input --require-hashes -r requirements.lock
	@.venv/bin/pip install -qq --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@touch $@

up: .venv/.installed ## Start everything: databases, sample data, the five services, Envoy
	@$(PYTHON) -m local up

env: .venv/.installed ## Write .env with random secrets and start nothing; docker compose needs it
	@$(PYTHON) -m local env

down: .venv/.installed ## Stop everything; the data stays
	@$(PYTHON) -m local down

restart: .venv/.installed ## Replace the services' processes one by one, with the code of now; of one service: make restart S=booking
	@$(PYTHON) -m local restart $(S)

status: .venv/.installed ## Show what runs, and why it does not serve
	@$(PYTHON) -m local status

top: .venv/.installed ## Watch what every process does: calls, times, errors, queues, memory; until Ctrl-C
	@$(PYTHON) -m local top

logs: .venv/.installed ## Follow the logs; of one process: make logs S=booking
	@$(PYTHON) -m local logs $(S)

certificates: .venv/.installed ## Renew the certificates of a running mesh; with a new authority: make certificates AUTHORITY=1
	@$(PYTHON) -m local certificates $(if $(AUTHORITY),--authority)

tokens: .venv/.installed ## Print tokens of the sample people; one of them raw: make -s tokens R=user
	@$(PYTHON) -m local run auth -m auth_svc.tokens $(if $(R),--as $(R))

rotate-keys: .venv/.installed ## Make another signing key; after a theft: make rotate-keys WITHDRAW=1
	@$(PYTHON) -m local run auth -m auth_svc.rotate $(if $(WITHDRAW),--withdraw)

backup: .venv/.installed ## Copy all databases of the running mesh and the secrets that belong to them; elsewhere: make backup TO=/mnt/backups
	@$(PYTHON) -m local backup $(TO)

restore: .venv/.installed ## Put a backup in the place of the databases; the mesh must be down: make restore FROM=var/backups/...
	@test -n "$(FROM)" || { echo "Say which: make restore FROM=FOLDER, one that make backup wrote."; exit 1; }
	@$(PYTHON) -m local restore $(FROM)

mail: .venv/.installed ## List the mails that were sent; show one: make mail N=1
	@$(PYTHON) -m local mail $(N)

mails: .venv/.installed ## Write a mail of each kind in every language into var/mails, as HTML and (with a Chromium) PNG
	@$(PYTHON) -m local.previews

clock: .venv/.installed ## Show the mesh's clock, or move it: make clock OFFSET=+23h (or -30m, +2d, 0)
	@$(PYTHON) -m local clock $(if $(OFFSET),-- $(OFFSET))

demo: .venv/.installed ## Play an evening through the public port
	@$(PYTHON) -m local.demo

test: .venv/.installed ## Run the tests on a mesh of their own; some of them: make test T=tests/booking
	@$(PYTHON) -m pytest -n 2 --dist loadfile -q $(T)

check: .venv/.installed ## Everything CI checks; the first failure ends it
	@step() { echo "== $$1"; shift; "$$@" || { echo "make check: that failed. make fix repairs format, imports and stubs."; exit 1; }; }; \
	step "format" .venv/bin/ruff format --check $(CODE) protos; \
	step "lint" .venv/bin/ruff check $(CODE) protos; \
	step "types" .venv/bin/mypy --strict $(CODE); \
	step "stubs" $(PYTHON) -m protos.generate --check; \
	step "contract" $(PYTHON) -m local.contract; \
	step "API descriptions" $(PYTHON) -m openapi --check; \
	step "Envoy's configuration" $(PYTHON) -m local validate; \
	step "tests" $(PYTHON) -m pytest -n 2 --dist loadfile -q tests; \
	step "drill" $(PYTHON) -m drill --seconds 20 --seed 1

fix: .venv/.installed ## Repair format, imports and generated stubs
	@.venv/bin/ruff format $(CODE) protos
	@.venv/bin/ruff check --fix $(CODE) protos
	@$(PYTHON) -m protos.generate
	@$(PYTHON) -m openapi

protos: .venv/.installed ## Generate the stubs from the .proto files
	@$(PYTHON) -m protos.generate
	@$(PYTHON) -m local.contract --extend
	@$(PYTHON) -m openapi

openapi: .venv/.installed ## Describe the API: docs/openapi for HTTP, docs/reference for gRPC
	@$(PYTHON) -m openapi

client: .venv/.installed ## Build the wheel of the Python client into dist
	@rm -rf client/build
	@$(PYTHON) -m pip wheel -q --no-deps --no-build-isolation -w dist ./client
	@ls dist/matinee_client-*.whl

audit: .venv/.installed ## Ask PyPI for known vulnerabilities of what requirements.lock pins; needs the internet
	@.venv/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

migration: .venv/.installed ## Write a migration of a service: make migration S=booking M="add a column"
	@test -n "$(S)" && test -n "$(M)" || { echo 'Say which service and what for: make migration S=booking M="add a column"'; exit 1; }
	@$(PYTHON) -m local migration $(S) "$(M)"

bench: .venv/.installed ## Measure, each against its ceiling in the same run; docs/bench.md; 100,000 reminders: make bench TELLING=1; a million films: FILMS=1; what logs, metrics and traces cost: WATCHING=1
	@$(PYTHON) -m bench $(if $(TELLING),--telling) $(if $(FILMS),--films) $(if $(WATCHING),--watching)

growth: .venv/.installed ## Measure at 1,000 and at 300,000 announcements, and look at the plan of every list
	@$(PYTHON) -m bench.growth

timing: .venv/.installed ## Compare how long answers take about addresses with and without an account, a thousand times
	@$(PYTHON) -m bench.timing

drill: .venv/.installed ## Race clients while processes are killed, then judge: make drill SECONDS=60 SEED=7
	@$(PYTHON) -m drill $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))
