#!/bin/sh
# moments.sh SNN TINY_IDX WORK PRELOAD - a run that keeps its best epoch is killed before each call that makes one of
# its files last, one after the other. Each time the checkpoint that is there resumes to the bits, and the log, of a
# run that was not killed, and no file is left.
set -eu
preload=$4
calls='fsync rename unlink'
. "$(dirname -- "$0")/common.sh"

flags="--data idx:data --net 64-24-FC --epochs 4 --lr 0.4 --batch 10 --data.limit 400 --neuron.tau 1.1"
flags="$flags --validation 0.2 --test-every 3 --keep-best --every 1 --quiet"

# moments COMMAND FLAGS...: of `snn COMMAND FLAGS`.
moments() {
    command=$1
    FAULT_ONLY=$calls FAULT_COUNT=count LD_PRELOAD=$preload "$snn" "$@" --save whole.snn >out 2>err
    total=$(cat count)
    cut -d, -f1-7,15-17,19- whole.csv >whole.figures # what does not measure time
    resumed=0
    at=0
    while [ $((at += 1)) -le "$total" ]; do
        rm -f cut.*
        status=0
        FAULT_ONLY=$calls FAULT_AT=$at LD_PRELOAD=$preload "$snn" "$@" --save cut.snn >out 2>err || status=$?
        [ "$status" -eq 137 ] || bad "$command $at: not killed, exit status $status"
        if [ -e cut.snn.ckpt ]; then
            resumed=$((resumed + 1))
            run 0 "$command" --resume cut.snn.ckpt
        elif [ ! -e cut.snn ]; then # before the first checkpoint
            continue
        fi
        cmp whole.snn cut.snn || bad "$command, killed before call $at: another model"
        cut -d, -f1-7,15-17,19- cut.csv >cut.figures
        cmp whole.figures cut.figures || bad "$command, killed before call $at: another log"
        rm -f cut.snn cut.csv cut.figures
        # Between its last two calls snn train has removed the checkpoint, which needs the weights of the best epoch.
        [ "$command" = train ] && [ "$at" -eq "$total" ] && rm -f cut.snn.best
        for left in cut.*; do
            [ ! -e "$left" ] || bad "$command, killed before call $at: $left is left"
        done
    done
    echo "$command: killed before each of $total calls, $resumed times resumed"
    [ "$resumed" -gt $((total / 2)) ] || bad "$command: only $resumed of $total runs left a checkpoint"
}

# A run ends by itself here: the shell need not say that it was killed.
{
    moments train $flags
    moments continual $flags --classes 2 --tasks 2 --heads
} 2>shell
finish
