#!/usr/bin/env bash
# Runs schemathesis, with all its checks, over the OpenAPI document of a running server. The same requests
# each time; SEED=… asks others, EXAMPLES=… asks more. One check is left out: a key acts in the workspace that
# it was made in, so a workspace that it makes is out of its sight, and "made, then not found" is right.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:?the patchbay binary}
version=4.32.0
venv="${XDG_CACHE_HOME:-$HOME/.cache}/patchbay/schemathesis-$version"
[ -x "$venv/bin/schemathesis" ] || { python3 -m venv "$venv" && "$venv/bin/pip" -q install "schemathesis==$version"; }

data=$(mktemp -d "${TMPDIR:-/tmp}/patchbay-api.XXXXXX")
cleanup() { [ -n "${pid:-}" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; rm -rf "$data"; }
trap cleanup EXIT
key=$(printf 'correct horse battery' |
  "$binary" init --data "$data" --email owner@example.com --password-stdin --workspace Acme 2>/dev/null |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["api_key"])')
"$binary" serve --data "$data" --listen 127.0.0.1:0 --log-format json 2>"$data/log" &
pid=$!
for _ in $(seq 100); do
  address=$(grep -o '"address":"[^"]*"' "$data/log" 2>/dev/null | head -n 1 | cut -d'"' -f4) || true
  [ -n "$address" ] && break
  sleep 0.1
done
[ -n "$address" ] || { cat "$data/log" >&2; exit 1; }
# One worker: Hypothesis changes the recursion limit of Python, which two threads do to each other.
"$venv/bin/schemathesis" --config-file scripts/schemathesis.toml run "http://$address/api/v1/openapi" \
  --header "Authorization: Bearer $key" --checks all --exclude-checks ensure_resource_availability \
  --max-examples "${EXAMPLES:-15}" --workers 1 \
  --seed "${SEED:-20261121}" \
  --request-timeout 20 --no-color
