# The only door to commands. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
# Where tests record what operations answer.
ANSWERS := $(CURDIR)/target/answers
DATA ?= ./data
PREFIX ?= /usr/local
CYCLES ?= 20
CUTS ?= 20
KILLS ?= 100
# How many requests `make fuzz` makes up for each operation and phase.
EXAMPLES ?= 18
# How long load lasts before a kill or cut, at most, ms.
LOAD_MS ?= 300
# The commit that a change is compared with, and how long its mutants are judged at most, minutes.
BASE ?= origin/main
MUTANTS_MINUTES ?= 30
# The crates whose tests must notice a mutant by themselves.
MUTANTS_CRATES := libs/domain libs/event_log libs/vault libs/transparency libs/views services/soap

export GUICHET_DATA ?= $(DATA)
# cargo-nextest comes with the Python packages where there is a wheel of it: to compile it takes as long as the project.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-zA-Z_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-zA-Z_-]+):.*## /\1\t/' | sort | column -t -s "$$(printf '\t')"

.PHONY: run
run: ## build and start everything on the embedded log, with the demo world
	cargo run --release -p guichet -- up --demo

.PHONY: install
install: release ## build the optimised binary and put it into PREFIX/bin (/usr/local)
	install -D -m 755 target/release/guichet $(DESTDIR)$(PREFIX)/bin/guichet

.PHONY: build
build: ## build the binary that the tests start, with the features that the whole workspace asks of its dependencies
	cargo build --workspace --bin guichet --bin answers --bin breaking

.PHONY: test
test: build nextest node_modules/installed $(VENV)/installed programs ## run all tests; installs what they need
	rm -rf $(ANSWERS) && mkdir -p $(ANSWERS)
	GUICHET_RECORD_ANSWERS=$(ANSWERS) cargo nextest run --workspace
	target/debug/answers $(ANSWERS)
	cargo test --workspace --doc --quiet

.PHONY: answers
answers: build ## of `make test`, compare the answers that its tests saw with the contract
	target/debug/answers $(ANSWERS)

.PHONY: check
check: format lint purity test contract docs load crash ## all that CI runs
	$(MAKE) mail-kills KILLS=10

.PHONY: format
format: ## sources are formatted
	cargo fmt --all --check

.PHONY: lint
lint: ## clippy with warnings as errors
	cargo clippy --workspace --all-targets -- -D warnings

.PHONY: purity
purity: ## the domain alone compiles without clock, randomness and I/O
	cargo check -p domain

.PHONY: docs
docs: ## the documentation of the code builds without broken links
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet

.PHONY: openapi
openapi: build ## rewrite openapi/guichet.yaml from the code
	target/debug/guichet openapi > openapi/guichet.yaml

.PHONY: contract
contract: build node_modules/installed $(VENV)/installed ## the contract is the code's, and three judges find nothing wrong with it
	target/debug/guichet openapi > target/guichet.yaml
	diff -u openapi/guichet.yaml target/guichet.yaml
	npx --no-install spectral lint --fail-severity=warn --ruleset openapi/spectral.yaml openapi/guichet.yaml
	npx --no-install redocly lint --config openapi/redocly.yaml openapi/guichet.yaml
	$(VENV)/bin/openapi-spec-validator openapi/guichet.yaml
	target/debug/breaking $(wildcard openapi/released/*.yaml)

.PHONY: bench
bench: release ## measure against references in the same run: a table and bench/results.json
	cargo build --release -p guichet_tests -p event_log --bins --examples
	GUICHET_BIN=target/release/guichet target/release/load

.PHONY: threads
threads: tools ## measure what pages of long tickets cost, and what they cost others
	GUICHET_BIN=target/release/guichet target/release/threads

.PHONY: load
load: tools ## the same load, checked for what is lost, doubled or missing and not for its figures
	LOAD_CHECK=1 LOAD_SECONDS=5 GUICHET_BIN=target/release/guichet target/release/load

.PHONY: crash
crash: tools programs ## kill -9 (CYCLES=n) and power cuts (CUTS=n) under load, during start, export and backup
	CYCLES=$(CYCLES) CUTS=$(CUTS) LOAD_MS=$(LOAD_MS) GUICHET_BIN=target/release/guichet target/release/crash

.PHONY: mail-kills
mail-kills: tools programs $(VENV)/installed ## kill -9 between events and their mail (KILLS=n): each mail arrives, and none as two
	KILLS=$(KILLS) GUICHET_BIN=target/release/guichet target/release/mail_kills

.PHONY: crash-unsynced
crash-unsynced: programs ## the same power cuts against a server that never waits for the disk: losses must be reported
	cargo build --release --workspace --bins --features guichet/unsynced
	mv target/release/guichet target/release/guichet-unsynced
	CYCLES=0 CUTS=$(CUTS) LOAD_MS=$(LOAD_MS) EXPECT_LOSS=1 GUICHET_BIN=target/release/guichet-unsynced target/release/crash

.PHONY: sign-in-timing
sign-in-timing: release ## a wrong name takes as long as a wrong password: medians of 200 tries each within 5 %
	cargo build --release -p guichet_tests --bins
	GUICHET_BIN=target/release/guichet target/release/sign_in_timing

.PHONY: fuzz
fuzz: build $(VENV)/fuzz ## thousands of generated requests as administrator, agent and requester: each answer is one that the contract declares
	$(VENV)/bin/python tests/python/fuzz_contract.py target/debug/guichet $(CURDIR)/$(VENV)/fuzz/bin/schemathesis $(EXAMPLES)

.PHONY: courier
courier: build nextest ## account mail against a real mail server
	cargo nextest run -p courier
	cargo nextest run -p guichet_tests -E 'test(mail)'

.PHONY: failpoints
failpoints: build nextest ## of `make test`, the log on a disk that fails at each of its fault points, and each thread and task killed once
	cargo nextest run --workspace -E 'binary(failures) + (binary(end_to_end) & test(/^workers/))'

.PHONY: mutants
mutants: nextest cargo-mutants ## judge the tests by mutants of what changed since BASE: each must be noticed (MUTANTS_MINUTES=n)
	tests/mutants.sh $(BASE) $(MUTANTS_MINUTES) $(MUTANTS_CRATES)

.PHONY: release
release: ## build the optimised binary
	cargo build --release -p guichet

.PHONY: tools
tools: ## build the optimised binary and the programs that try it, in one build that compiles each dependency once
	cargo build --release --workspace --bins

.PHONY: nextest
nextest: $(VENV)/installed
	@cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest

.PHONY: cargo-mutants
cargo-mutants:
	@cargo mutants --version >/dev/null 2>&1 || cargo install --locked cargo-mutants

.PHONY: programs
programs:
	@tests/programs.sh

.PHONY: .venv
.venv: $(VENV)/installed

$(VENV)/installed: tests/python/requirements.txt
	$(PYTHON) -m venv $(VENV) || { apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); }
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/python/requirements.txt
	touch $@

$(VENV)/fuzz: tests/python/fuzz-requirements.txt $(VENV)/installed
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check -r tests/python/fuzz-requirements.txt
	touch $@

node_modules/installed: package.json package-lock.json
	@command -v npm >/dev/null || { apt-get update -qq && apt-get install -y -qq nodejs npm; }
	npm ci --silent --no-audit --no-fund
	touch $@
