#!/bin/sh
# models.sh MPIRUN PROGRAM - models that 1, 2, 3 and 4 ranks train, of one thread and of two, have the same check
# sums.
set -eu
mpirun=$1 program=$2
. "$(dirname "$0")/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for n in 1 2 3 4; do
    ranks "$n" "$program" > "$work/$n"
    awk -v out="$work/$n" '$1 == "threads" { file = out "." $2; next } { print > file }' "$work/$n"
done
cat "$work/1.1"
[ "$(wc -l < "$work/1.1")" -gt 10 ] || { echo "too few models"; exit 1; }
[ "$(awk '{ print $(NF - 2) }' "$work/1.1" | sort -u | wc -l)" -eq "$(wc -l < "$work/1.1")" ] || {
    echo "different models have the same sum"; exit 1; }
for n in 1 2 3 4; do
    for threads in 1 2; do
        diff "$work/1.1" "$work/$n.$threads" || {
            echo "$n ranks of $threads threads (>) train other models than one of one (<)"; exit 1; }
    done
done
# In the order of MPI the bits depend on the number of ranks: the sums see the difference.
ranks 3 "$program" bptt reduce=any > "$work/any"
! grep -qxF "$(grep '^bptt  ' "$work/1.1")" "$work/any" || { echo "reduce=any makes no difference"; exit 1; }
echo "1, 2, 3 and 4 ranks of 1 and 2 threads train the same $(wc -l < "$work/1.1") models"
