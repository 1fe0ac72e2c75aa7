#!/usr/bin/env bash
# Runs every fuzz target for so many seconds (20 unless said), or those that are named:
#
#   scripts/fuzz.sh [SECONDS] [TARGET…]
#
# It needs neither cargo-fuzz nor a nightly compiler: the instrumentation that libFuzzer reads is there in
# stable rustc. What breaks a target is left in fuzz/artifacts/TARGET; give that file to the target's
# binary to see it again. New inputs are kept apart from the seeds, beside the build.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-20}; shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd fuzz/fuzz_targets && ls | sed 's/\.rs$//')

host=$(rustc -vV | sed -n 's/^host: //p')
build=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares"
# With --target, build scripts and macros are left as they are.
RUSTFLAGS="--cfg fuzzing ${coverage//$'\n'/ }" CARGO_TARGET_DIR=$build \
  cargo build --quiet --release --target "$host" --manifest-path fuzz/Cargo.toml

for target in "${targets[@]}"; do
  found=$build/corpus/$target
  mkdir -p "$found" "fuzz/artifacts/$target"
  echo "== $target, $seconds s"
  "$build/$host/release/$target" -max_total_time="$seconds" -timeout=15 -rss_limit_mb=2048 \
    -max_len=8192 -print_funcs=0 -verbosity=0 \
    -artifact_prefix="fuzz/artifacts/$target/" "$found" "fuzz/corpus/$target"
done
echo "Nothing was found."
