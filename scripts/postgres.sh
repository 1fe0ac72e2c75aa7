#!/usr/bin/env bash
# Starts a throw-away PostgreSQL on a private port for the tests and the benchmarks, as a user that is not
# root and with a role that is no superuser, so that row level security binds it.
#
#   eval "$(scripts/postgres.sh start)"     sets PATCHBAY_TEST_POSTGRES and PATCHBAY_POSTGRES_DIR
#   scripts/postgres.sh stop                stops that one, by its process id, and removes its folder
set -euo pipefail

bin() { for dir in /usr/lib/postgresql/*/bin "$(dirname "$(command -v postgres 2>/dev/null || echo /none)")"; do
  [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && { echo "$dir"; return; }
done; return 1; }

as_user() { if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi; }

start() {
  local pg dir port
  pg=$(bin) || { echo "PostgreSQL is missing: apt-get install -y postgresql" >&2; exit 1; }
  dir=$(mktemp -d "${TMPDIR:-/tmp}/patchbay-postgres.XXXXXX")
  [ "$(id -u)" = 0 ] && chown nobody "$dir"
  port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
  cd /
  as_user "$pg/initdb" -D "$dir/data" -U postgres --auth=trust -E UTF8 --locale=C >"$dir/initdb.log" 2>&1
  # The data is thrown away, but commits are as durable as in production: the benchmarks count them.
  as_user "$pg/pg_ctl" -D "$dir/data" -w -l "$dir/log" \
    -o "-p $port -h 127.0.0.1 -k $dir -c max_connections=300 -c shared_buffers=256MB -c fsync=${PATCHBAY_TEST_FSYNC:-off}" start >"$dir/start.log" 2>&1
  as_user psql -q -h 127.0.0.1 -p "$port" -U postgres -c 'CREATE ROLE patchbay LOGIN CREATEDB NOSUPERUSER' >/dev/null
  as_user psql -q -h 127.0.0.1 -p "$port" -U postgres -c 'CREATE DATABASE patchbay OWNER patchbay' >/dev/null
  echo "export PATCHBAY_TEST_POSTGRES=postgres://patchbay@127.0.0.1:$port/patchbay"
  echo "export PATCHBAY_POSTGRES_DIR=$dir"
}

stop() {
  local dir=${PATCHBAY_POSTGRES_DIR:?set by start} pid
  pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null || true)
  [ -n "$pid" ] && kill -INT "$pid" 2>/dev/null || true
  for _ in $(seq 50); do [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  rm -rf "$dir"
}

case "${1:-}" in start) start ;; stop) stop ;; *) echo "usage: $0 start|stop" >&2; exit 2 ;; esac
