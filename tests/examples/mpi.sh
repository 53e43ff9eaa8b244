#!/bin/sh
# mpi.sh MPIRUN TINY_IDX MPI_TRAIN - the example over MPI learns, trains the same network over 1 and 3 ranks, and ends
# all of them when one cannot go on.
set -eu
mpirun=$1 tiny_idx=$2 mpi_train=$3
. "$(dirname "$0")/../mpi/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$tiny_idx" "$work"

for n in 1 3; do
    ranks "$n" "$mpi_train" "$work" ottt 2 "$work/$n.snn" > "$work/log" || { cat "$work/log"; exit 1; }
    cat "$work/log"
    [ "$(wc -l < "$work/log")" -eq 2 ] || { echo "others than rank 0 print, too"; exit 1; }
    sed -n 's/.*test \([0-9.]*\)%.*/\1/p' "$work/log" | tail -n 1 | awk '$1 < 90 { print "learns nothing"; exit 1 }'
done
cmp "$work/1.snn" "$work/3.snn"

if ranks 2 "$mpi_train" "$work/nowhere" > "$work/log" 2>&1; then
    echo "mpi_train succeeded without data"
    exit 1
fi
grep -q "rank [01]: SNN_ERR_IO: .*nowhere" "$work/log" || {
    cat "$work/log"; echo "the message does not name the folder"; exit 1; }
