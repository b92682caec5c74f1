# The commands of the project. Everything installs into .venv, everything that runs keeps its state in .local.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := protos services/runtime services/auth services/contracts services/ai-gateway gateway deploy/local
PACKAGES := bloom-protos bloom-service-runtime bloom-auth-service bloom-contracts-service bloom-ai-gateway bloom-rest-gateway bloom-local
SOURCES := conftest.py protos services gateway deploy tests
TYPED := protos/generate.py protos/breaking.py services/runtime/service_runtime services/auth/auth_service \
  services/contracts/contracts_service services/ai-gateway/ai_gateway gateway/rest_gateway gateway/http_process gateway/scim_gateway gateway/web_gateway \
  deploy/local/local_mesh deploy/local/claude_simulator deploy/local/mail_catcher deploy/local/oidc_provider deploy/local/sample
CONTRACT ?=
ONCE ?=
ONLY ?=
SAMPLE ?=
ARGS ?= --help

.PHONY: help install generate lock run up down ai audit test browser tesseract screenshots prove-ledger crash-import asvs mutants branches check fix bench bench-rest bench-ai bench-savings bench-auth bench-contracts bench-bulk eval eval-verifier eval-ocr eval-contradictions

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 14

install: $(VENV)/.installed generate  ## everything that is needed, from the lock

$(VENV)/.installed: requirements.lock requirements.bootstrap.lock $(MEMBERS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.bootstrap.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock requirements.bootstrap.lock
	@mkdir -p protos/generated/bloom protos/generated/buf
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(MEMBERS:%=-e ./%)
	@touch $@

generate: protos/generated/bloom/descriptors.binpb gateway/rest_gateway/wire/ext_proc_pb2.py

protos/generated/bloom/descriptors.binpb: $(VENV)/.installed protos/generate.py $(shell find protos/bloom -name '*.proto')
	@PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python protos/generate.py
	@touch $@

gateway/rest_gateway/wire/ext_proc_pb2.py: $(VENV)/.installed gateway/generate.py $(shell find gateway/protos -name '*.proto')
	@PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python gateway/generate.py
	@touch $@

lock:  ## resolve all members anew and pin them with hashes
	@uv=$$(command -v $(BIN)/uv || command -v uv) || { echo "make install first"; exit 1; }; flags="--quiet --universal --generate-hashes --no-emit-index-url --no-header --upgrade --python-version 3.11"; \
	$$uv pip compile $$flags --group dev $(MEMBERS:%=%/pyproject.toml) pyproject.toml \
	  $(PACKAGES:%=--no-emit-package %) -o requirements.lock; \
	echo uv | $$uv pip compile $$flags --no-annotate - -o requirements.bootstrap.lock

run: install tesseract  ## start all, take a contract through the main job, serve (ONCE=1, CONTRACT=path)
	@$(BIN)/python -m local_mesh run $(if $(ONCE),--once) $(if $(CONTRACT),--contract "$(CONTRACT)")

up: install tesseract  ## start all in the background
	@$(BIN)/python -m local_mesh up --detach

down:  ## stop what `make up` started
	@$(BIN)/python -m local_mesh down

ai: install  ## ask the AI gateway: ARGS="usage", "budgets", "egress verify --live", "cache stats", 'try "question"'
	@$(BIN)/bloom-ai $(ARGS)

audit: install  ## the audit chain: ARGS="export audit.jsonl", "keys keys.json", "verify audit.jsonl --keys keys.json"
	@$(BIN)/bloom-audit $(ARGS)

test: install browser tesseract  ## every test
	@$(BIN)/pytest -n 2 --dist loadgroup --ignore=services/ai-gateway
	@$(BIN)/pytest services/ai-gateway  # these measure waiting, and want both cores for themselves

browser:  # what the tests of pages open; CHROMIUM=path names another one
	@test -n "$${CHROMIUM:-}" || command -v chromium google-chrome google-chrome-stable chromium-browser >/dev/null \
	  || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	  || { echo "install Chromium, or set CHROMIUM to its path"; exit 1; }

tesseract:  # what reads scans; without it they are kept, and say that nobody has read them
	@command -v tesseract >/dev/null \
	  || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends tesseract-ocr >/dev/null; } \
	  || echo "Tesseract is not installed: scans stay unread"

screenshots: install browser  ## every hosted page, light and dark, wide and on a phone, in .local/screenshots
	@$(BIN)/python -m tests.browser.screenshots

prove-ledger: install  ## fifty rounds of kill -9 under load: the ledger is the sum of the answers
	@LEDGER_ROUNDS=50 $(BIN)/pytest -s tests/crash/test_ai_ledger.py

crash-import: install  ## twenty times kill -9 in a bulk import of 200 files: each ends once (IMPORT_SEED= repeats)
	@IMPORT_FILES=200 IMPORT_KILLS=20 $(BIN)/pytest -s -q tests/crash/test_bulk_import.py

asvs: install  ## docs/security/asvs.md, from the table of OWASP ASVS 5.0.0
	@$(BIN)/python -m tests.security.asvs.table

mutants: install  ## mutation score of auth's rules, hours (ONLY="auth_service.tokens.*" or SAMPLE=200 for a part)
	@ONLY='$(ONLY)' SAMPLE='$(SAMPLE)' $(BIN)/python -m tests.bench.mutants

branches: install  ## branch coverage of auth's rules
	@$(BIN)/coverage run --branch --include='*/auth_service/*/service.py,*/auth_service/*/*/service.py' --data-file=.local/coverage -m pytest services/auth
	@$(BIN)/coverage report --data-file=.local/coverage --show-missing --fail-under=100

check: install  ## format, lint, types, imports, schema, migrations
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/mypy $(TYPED)
	@$(BIN)/lint-imports
	@$(BIN)/buf lint protos/generated/bloom/descriptors.binpb --config protos/buf.yaml
	@PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python protos/breaking.py
	@$(BIN)/squawk --config .squawk.toml $$(find services -path '*/migrations/*.sql')

fix: install  ## format, and mend what can be mended
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

eval: install  ## reads the 40 contracts of cuad-dev and scores the clauses found against CUAD's labels
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.eval.cuad

eval-verifier: install  ## tells the verifier of evidence 5,000 lies and as many truths as five contracts hold
	@$(BIN)/python -m tests.eval.verifier

eval-ocr: install tesseract  ## prints real contracts, scans them badly, and tells how far OCR's confidence can be trusted
	@$(BIN)/python -m tests.eval.ocr

eval-contradictions: install  ## shows every contradiction found in the sample and in the 40 contracts of cuad-dev
	@$(BIN)/python -m tests.eval.contradictions

bench: bench-rest bench-ai bench-savings bench-auth bench-contracts bench-bulk  ## every bench

bench-rest: install  ## a read through the full path beside a bare handler
	@$(BIN)/python -m tests.bench.rest

bench-ai: install  ## the AI gateway beside LiteLLM, Portkey and TensorZero (SECONDS= a round, DOCS=1 writes docs/bench)
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.bench.ai $(if $(SECONDS),--seconds $(SECONDS)) $(if $(DOCS),--docs)

bench-auth: install  ## sign-ins, refreshes, grants and checks of tokens beside the raw hash and signature
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.bench.auth

bench-contracts: install  ## search and grid from 500 to 50,000 contracts (LARGEST=5000 ends sooner, DOCS=1)
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.bench.contracts $(if $(LARGEST),--largest $(LARGEST)) $(if $(DOCS),--docs)

bench-bulk: install  ## the contracts of cuad-dev in by one archive and out by one export; files a core takes in
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.bench.bulk

bench-savings: install  ## calls and dollars that the AI gateway saves on a replayed hour (DOCS=1 writes docs/bench)
	@GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.bench.savings $(if $(DOCS),--docs)
