#!/usr/bin/env bash
# Tests Patchbay against OAuth servers and verifiers of webhooks that nobody here wrote, each on a free port of
# loopback. They are installed once, at the versions of tests/counterparts, outside of the clone.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATCHBAY_BIN=$(realpath "${1:?the patchbay binary}")
cache="${XDG_CACHE_HOME:-$HOME/.cache}/patchbay"
version() { sha256sum "$1" | cut -c1-12; }

# A virtual environment with what a folder of tests/counterparts asks for; prints its Python.
python() {
  local pins="tests/counterparts/$1/requirements.txt"
  local venv; venv="$cache/counterparts-$1-$(version "$pins")"
  [ -f "$venv/installed" ] || {
    python3 -m venv "$venv"
    "$venv/bin/pip" -q --disable-pip-version-check install -r "$pins" >&2
    touch "$venv/installed"
  }
  echo "$venv/bin/python"
}
DJANGO_PYTHON=$(python django)
WEBHOOKS_PYTHON=$(python webhooks)
export DJANGO_PYTHON WEBHOOKS_PYTHON

modules="$cache/counterparts-$(version tests/counterparts/package-lock.json)"
mkdir -p "$modules"
rm -rf "$modules"/*.mjs "$modules/django" "$modules/webhooks"
cp -r tests/counterparts/package*.json tests/counterparts/*.mjs tests/counterparts/django tests/counterparts/webhooks "$modules/"
cd "$modules"
[ -f installed ] || { npm ci --no-audit --no-fund --silent && touch installed; }
node --test --test-reporter=spec --test-concurrency=1 --test-timeout=60000 ./*.test.mjs
