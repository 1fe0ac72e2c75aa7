#!/usr/bin/env bash
# Tests Patchbay against OAuth servers that nobody here wrote, each on a free port of loopback. They are
# installed once, at the versions of tests/counterparts, outside of the clone.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATCHBAY_BIN=$(realpath "${1:?the patchbay binary}")
cache="${XDG_CACHE_HOME:-$HOME/.cache}/patchbay"
version() { sha256sum "$1" | cut -c1-12; }

pins=tests/counterparts/django/requirements.txt
venv="$cache/counterparts-django-$(version "$pins")"
[ -f "$venv/installed" ] || {
  python3 -m venv "$venv"
  "$venv/bin/pip" -q --disable-pip-version-check install --no-deps -r "$pins"
  touch "$venv/installed"
}
export DJANGO_PYTHON="$venv/bin/python"

modules="$cache/counterparts-$(version tests/counterparts/package-lock.json)"
mkdir -p "$modules"
rm -rf "$modules"/*.mjs "$modules/django"
cp -r tests/counterparts/package*.json tests/counterparts/*.mjs tests/counterparts/django "$modules/"
cd "$modules"
[ -f installed ] || { npm ci --no-audit --no-fund --silent && touch installed; }
node --test --test-reporter=spec --test-concurrency=1 --test-timeout=60000 ./*.test.mjs
