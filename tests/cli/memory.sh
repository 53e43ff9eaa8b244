#!/bin/sh
# memory.sh SNN TINY_IDX WORK PRELOAD N - the C library has no memory for one of the tool's requests; N of them are
# tried. The tool says so and ends, or does without and gives the same bits; the files that were there load.
set -eu
preload=$4
times=$5
. "$(dirname -- "$0")/common.sh"

flags="--data idx:data --net 64-30-10 --batch 25 --seed 3 --epochs 3 --threads 1"
good() {
    "$snn" info "$1" >info 2>&1 || bad "$2: $1 does not load: $(cat info)"
}

# short ARGUMENTS...: runs the tool with memory short at request $at; exit status in `got`.
short() {
    got=0
    LD_PRELOAD=$preload SHORT_AT=$at "$snn" "$@" >out 2>err || got=$?
    [ "$got" -le 2 ] || bad "request $at: snn $*: exit status $got"
    [ "$got" -eq 0 ] || [ -s err ] || bad "request $at: snn $*: no message"
}

run 0 train $flags --keep --save old.snn
LD_PRELOAD=$preload SHORT_COUNT=count "$snn" train $flags --seed 4 --keep --save new.snn >out 2>err
total=$(cat count)
ended=0
step=$(((total + times - 1) / times))
at=1
while [ "$at" -le "$total" ]; do
    rm -f cut.*
    for part in snn snn.ckpt csv; do
        cp "old.$part" "cut.$part"
    done
    short train $flags --seed 4 --keep --save cut.snn
    good cut.snn "request $at"
    good cut.snn.ckpt "request $at"
    if [ "$got" -eq 0 ]; then
        same new.snn cut.snn
    else
        ended=$((ended + 1))
        cmp -s old.snn cut.snn || cmp -s new.snn cut.snn ||
            bad "request $at: cut.snn is neither the old nor the new model"
    fi
    short train --resume cut.snn.ckpt --epochs 4
    good cut.snn "request $at, resumed"
    short eval cut.snn --data idx:data
    at=$((at + step))
done

echo "$total requests, each ${step}th failed: the run ended $ended times; $failures checks failed"
finish
