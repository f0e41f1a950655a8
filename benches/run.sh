#!/bin/sh
# Builds the load generator and the peers, runs the suites side by side, prints the tables.
# usage: benches/run.sh [flags]      flags: benches/run.sh --help
set -eu
cd "$(dirname "$0")"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
cargo build --release --locked --quiet -j "${BENCH_JOBS:-1}"
exec python3 run.py "$@"
