#!/usr/bin/env bash
# Makes sure that tools are there: need.sh node postgres chromium python. Installs Debian packages where
# that is allowed (root, apt), else says exactly what to install.
set -euo pipefail

have() {
  case "$1" in
    node) command -v node >/dev/null && command -v npm >/dev/null ;;
    postgres) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null ;;
    chromium) command -v chromium >/dev/null ;;
    python) python3 -c 'import venv, ensurepip' >/dev/null 2>&1 ;;
    *) echo "need.sh knows no $1" >&2; exit 2 ;;
  esac
}

packages() {
  case "$1" in
    node) echo nodejs npm ;;
    postgres) echo postgresql ;;
    chromium) echo chromium ;;
    python) echo python3 python3-venv ;;
  esac
}

missing=()
for tool in "$@"; do have "$tool" || missing+=($(packages "$tool")); done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  (apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}") >/dev/null
  for tool in "$@"; do have "$tool" || { echo "$tool is still missing" >&2; exit 1; }; done
else
  echo "Please install: sudo apt-get install -y ${missing[*]}" >&2
  exit 1
fi
