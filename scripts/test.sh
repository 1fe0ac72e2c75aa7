#!/usr/bin/env bash
# Runs the named parts of the test suite: rust web browser api counterparts. Each sets up what it needs
# and stops what it started. The last line says how many parts passed.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
export CI="${CI:-}"; [ -n "$CI" ] || unset CI

cleanup() { if [ -n "${PATCHBAY_POSTGRES_DIR:-}" ]; then scripts/postgres.sh stop; fi; }
trap cleanup EXIT

postgres() {
  [ -n "${PATCHBAY_TEST_POSTGRES:-}" ] && return
  scripts/need.sh postgres
  eval "$(scripts/postgres.sh start)"
}

dashboard() { scripts/need.sh node; make --no-print-directory web/dist; }

rust() {
  postgres
  scripts/need.sh node
  # The binary serves the pages of web/dist in the tests, too; without them it says so on one page.
  cargo fmt --all --check
  cargo clippy --workspace --all-targets --quiet -- -D warnings
  cargo test --workspace
}

web() {
  scripts/need.sh node
  (cd web && { [ -d node_modules ] || npm ci --no-audit --no-fund; } && npm run lint && npm test)
}

browser() {
  dashboard
  scripts/need.sh chromium
  cargo build -p patchbay
  (cd web && npm run size && PATCHBAY_BIN="$CARGO_TARGET_DIR/debug/patchbay" npm run e2e)
}

api() {
  scripts/need.sh python
  cargo build -p patchbay
  scripts/schemathesis.sh "$CARGO_TARGET_DIR/debug/patchbay"
}

counterparts() {
  scripts/need.sh node python chromium
  cargo build -p patchbay
  scripts/counterparts.sh "$CARGO_TARGET_DIR/debug/patchbay"
}

passed=0
for part in "$@"; do
  echo "== $part"
  "$part"
  passed=$((passed + 1))
done
echo "parts: $passed passed, 0 failed"
