#!/bin/sh
# bench.sh MPIRUN BENCH_MPI - the measurement of ranks runs, once over all networks, for a moment.
set -eu
mpirun=$1 bench_mpi=$2
. "$(dirname "$0")/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ranks 2 "$bench_mpi" 1 0.001 > "$work/log" || { cat "$work/log"; exit 1; }
networks=$(grep -c 'samples/s$' "$work/log")
[ "$networks" -gt 0 ] &&
    [ "$(grep -c 'one rank / shards [0-9.]* *ranks / threads [0-9.]*' "$work/log")" -eq "$networks" ] || {
    cat "$work/log"; exit 1; }
