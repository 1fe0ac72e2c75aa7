#!/usr/bin/env bash
# Tests Patchbay against OAuth servers that nobody here wrote, each on a free port of loopback. They are
# installed once, at the versions of tests/counterparts/package-lock.json, outside of the clone.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATCHBAY_BIN=$(realpath "${1:?the patchbay binary}")
lock=$(sha256sum tests/counterparts/package-lock.json | cut -c1-12)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/patchbay/counterparts-$lock"
mkdir -p "$cache"
cp tests/counterparts/package*.json tests/counterparts/*.mjs "$cache/"
cd "$cache"
[ -f installed ] || { npm ci --no-audit --no-fund --silent && touch installed; }
node --test --test-reporter=spec --test-concurrency=1 --test-timeout=60000 ./*.test.mjs
