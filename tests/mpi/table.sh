#!/bin/sh
# table.sh MPIRUN PROGRAM - the table of libsnn-mpi over 1 to 4 ranks, and how ranks begin.
set -eu
mpirun=$1 program=$2
. "$(dirname "$0")/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for n in 1 2 3 4; do
    ranks "$n" "$program"
done
ranks 1 "$program" single
ranks 3 "$program" init
"$program" init < /dev/null # one rank, without a launcher
# A rank that ends ends all, soon, and the launcher says so.
for how in killed aborts fails; do
    begin=$(date +%s)
    if ranks 3 timeout 100 "$program" "$how" > "$work/log" 2>&1; then
        cat "$work/log"
        echo "$how: the launcher tells of no failure"
        exit 1
    fi
    ! grep -q "goes on" "$work/log" || { cat "$work/log"; echo "$how: other ranks went on"; exit 1; }
    took=$(($(date +%s) - begin))
    [ "$took" -le 60 ] || { echo "$how: ended after $took s"; exit 1; }
    echo "$how: all ended after $took s"
done
# The launcher of another MPI gives it away by what it sets.
env OMPI_COMM_WORLD_SIZE=4 PMI_SIZE=4 "$program" launched < /dev/null
