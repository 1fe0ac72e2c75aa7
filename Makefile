# Each target sets up what it needs; run `make` for the list.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# A target directory outside the clone keeps builds warm between clones.
export CARGO_TARGET_DIR ?= $(CURDIR)/target

.PHONY: help run build test test-rust test-web test-browser test-api test-counterparts bench fuzz lint fmt clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: web/dist ## Build and start with the demo world on http://127.0.0.1:3003
	cargo build --release -p patchbay
	$(CARGO_TARGET_DIR)/release/patchbay serve --demo

build: web/dist ## Build the release binary, dashboard inside
	cargo build --release -p patchbay
	@if [ "$(CARGO_TARGET_DIR)" != "$(CURDIR)/target" ]; then \
	  mkdir -p target/release && cp $(CARGO_TARGET_DIR)/release/patchbay target/release/; fi

# The dashboard is built again when any of its sources has changed.
web/dist: $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print) | node
	cd web && npm ci --no-audit --no-fund && npm run build
	@# The folder is read when this file is compiled.
	@touch web/dist crates/server/src/assets.rs

.PHONY: node
node:
	@scripts/need.sh node

test: ## Everything: Rust on SQLite and PostgreSQL, the dashboard, a real browser, the API document, OAuth servers
	@scripts/test.sh rust web browser api counterparts

test-rust: ## Rust tests on SQLite and PostgreSQL
	@scripts/test.sh rust

test-web: ## Unit tests of the dashboard
	@scripts/test.sh web

test-browser: ## The dashboard in a real browser on the real server
	@scripts/test.sh browser

test-api: ## The OpenAPI document against the real server
	@scripts/test.sh api

test-counterparts: ## OAuth servers and webhook verifiers that nobody here wrote, against the real server
	@scripts/test.sh counterparts

bench: web/dist ## Compare hot paths with their ceilings in one run (BENCH=--quick for a short one)
	@scripts/bench.sh $(BENCH)

fuzz: ## Run each fuzz target for a while (FUZZ_SECONDS=20)
	@scripts/fuzz.sh $(or $(FUZZ_SECONDS),20)

lint: ## Formatting, clippy with the house rules, the catalog, the dashboard
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cd web && npm ci --no-audit --no-fund && npm run lint

fmt: ## Format everything
	cargo fmt --all
	cd web && npm run fmt

clean: ## Remove what was built here
	rm -rf target web/dist web/node_modules
