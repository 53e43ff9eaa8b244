#!/bin/sh
# events.sh SNN OUT [PATTERN] - recordings of events, docs/results.md: a small convolutional network on 800 recordings
# of N-MNIST, tested on 100 others.
#
# SNN: the tool. OUT: where logs go; a run whose log is complete is not run again. PATTERN: run only the rows whose
# name matches it (a shell pattern). The environment: SNN_DATA, the folder that holds nmnist-small (without it, all is
# skipped, exit status 77); SEEDS, a list, default 1. Ends with 'N passed, N failed'.
set -eu

needs='nmnist-small'
. "$(dirname -- "$0")/common.sh"
seeds=${SEEDS:-1}

if [ ! -f "$SNN_DATA/nmnist-small/nmnist-small.tar.gz" ] || ! "$snn" events --help >/dev/null 2>&1; then
    echo "skipped: needs nmnist-small in $SNN_DATA, and libsnn-events"
    exit 77
fi
# row NAME FLOOR FLAGS...: the mean of all seeds is at least the floor
row() {
    name=$1 floor=$2
    shift 2
    wanted "$name" || return 0
    all=
    for seed in $seeds; do
        grep -q '^test accuracy' "$out/$name-$seed.txt" 2>/dev/null ||
            "$snn" train --data "nmnist:$SNN_DATA/nmnist-small" --frames.width 17 --frames.height 17 "$@" --batch 16 \
                --seed "$seed" --quiet --every 0 --save "$out/$name-$seed.snn" >"$out/$name-$seed.txt"
        all="$all $(accuracy "$name-$seed")"
    done
    # shellcheck disable=SC2046,SC2086 # lists of numbers
    set -- $(spread $all)
    printf '| %s |%s | %.2f | %.2f |\n' "$name" "$all" "$1" "$2"
    check "$name: mean $1 >= $floor" "$1 >= $floor"
}

printf '| run | test accuracy of each seed, %% | mean | deviation |\n|---|---|---|---|\n'
row nmnist-ottt 94 --trainer ottt --net ws:16C3-AP2-32C3-AP2-FC --steps 6 --epochs 20
row nmnist-dsr 88 --trainer dsr --neuron dsr_lif --loss ce --net 16C3-BN-AP2-32C3-BN-AP2-FC-BN --steps 10 --epochs 30
finish
