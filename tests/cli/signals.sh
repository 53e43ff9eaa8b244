#!/bin/sh
# signals.sh SNN TINY_IDX WORK - whatever asks a run to stop, it writes a checkpoint, says so and ends with status
# 130.
set -eu
. "$(dirname -- "$0")/common.sh"

flags="train --data idx:data --net 64-100-10 --batch 25 --every 0 --epochs 100000 --save cut.snn"

# stopped NAME STATUS: the run said what stopped it, and can go on.
stopped() {
    [ "$2" -eq 130 ] || bad "SIG$1: exit status $2 instead of 130"
    has err "interrupted after" "by SIG$1; to continue: snn train --resume cut.snn.ckpt"
    there cut.snn.ckpt
    [ ! -e cut.snn ] || bad "SIG$1: an interrupted run left a model"
    run 0 train --resume cut.snn.ckpt --epochs 1 --quiet
    [ ! -e cut.snn.ckpt ] || bad "SIG$1: the run is complete, and left its checkpoint"
    rm -f cut.snn* cut.csv
}

for signal in INT TERM HUP USR1 XCPU PIPE; do
    "$snn" $flags >out 2>err &
    child=$!
    await has_epoch
    kill -$signal $child || true
    status=0
    wait $child || status=$?
    stopped $signal $status
done

# ---- in the first epoch, which takes seconds: there is a whole run to go
"$snn" $flags --batch 1 --steps 800 >out 2>err &
child=$!
await grep -q '^trainer ' out
sleep 0.3
kill -INT $child || true
status=0
wait $child || status=$?
has err "interrupted after 0 of"
stopped INT $status

# ---- the program that reads the output ends
("$snn" $flags 2>err || echo $? >status) | head -n 1 >out
stopped PIPE "$(cat status)"

# ---- the processor time ends; the kernel says so again every second
(ulimit -S -t 1 && exec "$snn" $flags --threads 1) >out 2>err || echo $? >status
stopped XCPU "$(cat status)"

# ---- nohup: SIGHUP is ignored before the tool begins, and stays so
(trap "" HUP && exec "$snn" $flags) >out 2>err &
child=$!
await has_epoch
kill -HUP $child
sleep 0.5
kill -TERM $child
status=0
wait $child || status=$?
stopped TERM $status

# ---- a signal that comes twice at once, as from timeout(1), is one
"$snn" $flags >out 2>err &
child=$!
await has_epoch
kill -INT $child
kill -INT $child
status=0
wait $child || status=$?
stopped INT $status

# ---- a file that may not grow so far: the save fails, nothing is left half written
(ulimit -f 1 && exec "$snn" train --data idx:data --net 64-100-10 --epochs 1 --every 0 --quiet \
    --save big.snn) >out 2>err ||
    echo $? >status
[ "$(cat status)" -eq 1 ] || bad "a file over the limit: exit status $(cat status) instead of 1"
has err "cannot write \"big.snn\""
[ ! -e big.snn ] || bad "a part of a model was left"

finish
