#!/bin/sh
# joint.sh JOINT quick|slow - the network learns how the arm moves, and what a load changes. quick: a few epochs of
# one method; slow: every method as the example has it, to R2 of 0.95 and more.
set -eu
joint=$1 how=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# r2 WAY WHEN: of that line
r2() {
    sed -nE "s/^$1 +$2 .* R2 +(-?[0-9.]+).*/\\1/p" "$work/out"
}

# run METHOD ARGUMENTS...
run() {
    echo "joint $*"
    "$joint" "$@" >"$work/out" || { cat "$work/out"; exit 1; }
    cat "$work/out"
    awk "BEGIN { exit !($(r2 batches before) < 0.5 && $(r2 batches after) >= 0.95) }" ||
        { echo "$1: R2 in batches is $(r2 batches after)"; exit 1; }
    [ "$(grep -c '^stream' "$work/out")" -gt 1 ] || return 0
    awk "BEGIN { exit !($(r2 stream learned) >= 0.9 && $(r2 stream loaded) < 0.85) }" ||
        { echo "$1: R2 with the load is $(r2 stream loaded), after learning $(r2 stream learned)"; exit 1; }
}

if [ "$how" = quick ]; then
    run sltt 3 60
    ! "$joint" sltt 0 2>"$work/err" && grep -q '^usage' "$work/err"
else
    for method in ottt sltt bptt dsr opzo; do
        run "$method"
    done
fi
