#!/usr/bin/env bash
# Measures the hot paths beside their ceilings, both sides in one run: scripts/bench.sh [--quick] [--only …]
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

cleanup() { if [ -n "${PATCHBAY_POSTGRES_DIR:-}" ]; then scripts/postgres.sh stop; fi; }
trap cleanup EXIT
scripts/need.sh postgres
eval "$(PATCHBAY_TEST_FSYNC=on scripts/postgres.sh start)"
cargo build --release --quiet -p patchbay -p bench
"$CARGO_TARGET_DIR/release/bench" "$@"
