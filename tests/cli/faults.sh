#!/bin/sh
# faults.sh SNN TINY_IDX WORK PRELOAD - commands that write a file are killed before each call on it, one after the
# other, and each of these calls fails, as on a full disk. Each time the file is the old one or the new one, whole;
# failures say why; and no other file stays, or, of a process that was killed, until the command runs again.
set -eu
preload=$4
. "$(dirname -- "$0")/common.sh"
export LC_ALL=C

# with SETTINGS... -- ARGUMENTS...: runs the tool with faults as the settings say; its exit status is in $status.
with() {
    status=0
    env LD_PRELOAD="$preload" "$@" >/dev/null 2>err || status=$?
}

# again ARGUMENTS...: runs the tool without a fault.
again() {
    with "$snn" "$@"
    [ "$status" -eq 0 ] || bad "snn $*, again: exit status $status: $(cat err)"
}

# check TARGET FAULT: what holds at once after a fault.
check() {
    cmp -s whole "$1" || same before "$1"
    case $2 in
    kill) [ "$status" -eq 137 ] || bad "$what: not killed, exit status $status" ;;
    *)
        if [ "$status" -eq 0 ]; then
            same whole "$1"
        else
            [ "$status" -eq 1 ] || bad "$what: exit status $status"
            has err "$2"
        fi
        ;;
    esac
}

# alone TARGET: nothing is beside it.
alone() {
    for left in "$1".*; do
        [ ! -e "$left" ] || bad "$what: $left is left"
    done
}

# faults TARGET ARGUMENTS...: of `snn ARGUMENTS`, which writes TARGET, of which there is an old one.
faults() {
    target=$1
    shift
    echo old >before
    cp before "$target"
    with FAULT_COUNT=count "$snn" "$@"
    [ "$status" -eq 0 ] || bad "snn $*: exit status $status"
    cp "$target" whole
    if cmp -s before whole; then bad "snn $*: did not write $target"; fi
    total=$(cat count)
    at=0
    while [ $((at += 1)) -le "$total" ]; do
        what="snn $*, call $at"
        cp before "$target"
        with FAULT_AT=$at "$snn" "$@"
        check "$target" kill
        again "$@"
        same whole "$target"
        alone "$target"
        cp before "$target"
        with FAULT_AT=$at FAULT_ERROR=28 "$snn" "$@"
        check "$target" "No space left on device"
        alone "$target"
        cp before "$target"
        with FAULT_AT=$at FAULT_ERROR=122 FAULT_STAYS=1 "$snn" "$@"
        check "$target" "Disk quota exceeded"
        alone "$target"
    done
    echo "snn $1: $total calls"
}

small="--net 64-12-10 --epochs 1 --lr 0.1 --batch 40 --data.limit 200 --threads 1"
run 0 train --data idx:data $small --save m.snn
run 0 train --data idx:data $small --save other.snn --seed 2
{
    faults table.csv predict m.snn --data idx:data --save table.csv
    faults array.npy predict m.snn --data idx:data --save array.npy
    faults page.html report m.snn --data idx:data --save page.html
    faults compared.csv compare m.snn other.snn --csv compared.csv
    if "$snn" convert m.snn graph.nir >out 2>err; then
        faults graph.nir convert m.snn graph.nir
    fi
} 2>shell

# ---- a sweep that is killed goes on
sweep="sweep --data idx:data $small --seed 1,2 --quiet --save"
FAULT_ONLY="mkdir rename"
export FAULT_ONLY
with FAULT_COUNT=count "$snn" $sweep whole_sweep
at=0
while [ $((at += 1)) -le "$(cat count)" ]; do
    rm -rf runs
    with FAULT_AT=$at "$snn" $sweep runs 2>shell
    [ "$status" -eq 137 ] || bad "sweep, call $at: not killed, exit status $status"
    again $sweep runs
    for seed in 1 2; do
        same whole_sweep/seed=$seed/model.snn runs/seed=$seed/model.snn
    done
    [ "$(find runs | wc -l)" -eq "$(find whole_sweep | wc -l)" ] || bad "sweep, call $at: $(find runs -name '*.tmp')"
done
unset FAULT_ONLY

# ---- recordings in a cache
if "$snn" events --help >out 2>err; then
    for label in 0 1; do
        for split in Train Test; do
            mkdir -p "set/$split/$label"
            printf '\001\002\200\000\012\003\004\000\001\000\005\006\200\002\000' >"set/$split/$label/0.bin"
        done
    done
    cached="train --data nmnist:set --frames.steps 2 --net 4-FC --epochs 1 --save c.snn --cache cc"
    with FAULT_COUNT=count "$snn" $cached
    [ "$status" -eq 0 ] || bad "snn $cached: exit status $status"
    first=$(ls cc)
    at=0
    while [ $((at += 1)) -le "$(cat count)" ]; do
        rm -rf cc
        with FAULT_AT=$at "$snn" $cached 2>shell
        again $cached
        [ "$(ls cc)" = "$first" ] || bad "cache, call $at: $(ls cc)"
        rm -rf cc
        with FAULT_AT=$at FAULT_ERROR=28 "$snn" $cached
        if [ "$status" -ne 0 ]; then has err "No space left on device"; fi
        ls cc 2>err | grep tmp && bad "cache, call $at: a temporary file is left"
    done
fi

# ---- a checkpoint that cannot be removed keeps the weights of the best epoch, which it needs
best="train --data idx:data --net 64-16-10 --epochs 4 --lr 0.1 --batch 40 --data.limit 400 --threads 1"
best="$best --validation 0.2 --keep-best --save b.snn"
FAULT_ONLY=unlink
export FAULT_ONLY
with FAULT_COUNT=count "$snn" $best
cp b.snn whole.snn
with FAULT_AT=$(($(cat count) - 1)) FAULT_ERROR=5 "$snn" $best
has err "b.snn.ckpt stays: Input/output error"
there b.snn.best
again train --resume b.snn.ckpt
same whole.snn b.snn
[ ! -e b.snn.ckpt ] && [ ! -e b.snn.best ] || bad "b.snn.ckpt or b.snn.best stays"
unset FAULT_ONLY

# ---- log and event file, where the disk is full for a moment: every epoch is in them
run="train --data idx:data $small --epochs 3 --every 0 --save l.snn --tensorboard board"
events=board/events.out.tfevents.snn
figures() { cut -d, -f1-7,15-17,19- l.csv; }
FAULT_ONLY=pwrite
export FAULT_ONLY
with FAULT_COUNT=count "$snn" $run
figures >whole.figures
size=$(wc -c <$events)
at=0
while [ $((at += 1)) -le "$(cat count)" ]; do
    rm -rf l.* board
    with FAULT_AT=$at FAULT_ERROR=28 "$snn" $run
    has err "No space left on device"
    [ "$status" -eq 0 ] || continue
    figures >now.figures
    same whole.figures now.figures
    [ "$(wc -c <$events)" -eq "$size" ] || bad "call $at: $events is not whole"
done
# an older log stays where not even the first line of the new one can be written
run 0 $run
cp l.csv before
with FAULT_AT=1 FAULT_ERROR=28 "$snn" $run
[ "$status" -eq 1 ] || bad "a log that cannot be begun was no failure"
has err "snn: train: l.csv: No space left on device"
same before l.csv
# for the rest of the run: what is there are whole lines, and whole records
rm -rf l.* board
with FAULT_AT=8 FAULT_STAYS=1 FAULT_ERROR=28 "$snn" $run
[ "$status" -eq 1 ] || bad "a full disk was no failure"
has err "l.csv: could not be written completely: No space left on device"
unset FAULT_ONLY
# in the middle of a line
long="train --data idx:data $small --epochs 9 --quiet --every 0 --save long.snn"
(ulimit -f 1 && exec "$snn" $long 2>&1) | cat >err
has err "warning: long.csv: File too large" 'cannot write "long.snn": File too large' \
    "long.csv: could not be written completely: File too large"
[ -z "$(tail -c 1 long.csv)" ] || bad "long.csv ends within a line"
finish
