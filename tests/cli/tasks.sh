#!/bin/sh
# tasks.sh SNN TINY_IDX WORK - snn continual over classes and over data sets, with heads, replay and a rate per task.
# With SNN_DATA in the environment, what is forgotten of MNIST with each of them.
set -u
. "$(dirname "$0")/common.sh"

quick="--data idx:data --batch 50 --epochs 2 --net 64-24-FC"

# ---- classes: a head for all, a head for each
run 0 continual $quick --classes 1 --tasks 4
[ ! -s err ] || bad "a warning without a reason: $(cat err)"
[ "$(grep -c '^task' out)" -eq 4 ] || bad "not four tasks"
run 0 continual $quick --classes 2 --tasks 2 --heads --save heads.snn
run 0 info heads.snn
has out 'head1 ' 'head2 ' 'heads ' select '-> 2,'
run 0 continual $quick --classes 2 --tasks 2 --heads --rows 8 --more 6 --hebb-lr 0.01 --json
has out '"event":"task"' '"task":2' '"event":"end"' '"bwt":'
cp out first
run 0 continual $quick --classes 2 --tasks 2 --heads --rows 8 --more 6 --hebb-lr 0.01 --threads 2 --json
[ "$(tail -n 1 out)" = "$(tail -n 1 first)" ] || bad "two threads do not give what one gives"

run 0 continual --data idx:data --batch 50 --net 64-12-FC --tasks 10 --heads --replay 3 --replay-epochs 1 \
    --save ten.snn
has out 'task 10'
run 0 info ten.snn
has out 'head10 ' 'heads1 ' 'heads2 ' 'heads '

# ---- a configuration says the same
echo '{ "continual": { "classes": 2, "tasks": 2, "heads": 1, "rows": "8", "more": "6", "hebb_lr": "0.01" },
        "network": "64-24-FC", "batch": 50, "epochs": 2 }' >tasks.json
run 0 continual tasks.json --data idx:data --json
[ "$(tail -n 1 out)" = "$(tail -n 1 first)" ] || bad "a configuration does not give what flags give"

# ---- a rate per task, replay: they change what is learned
run 0 continual $quick --lr 0.1 --save a.snn
run 0 continual $quick --task-lr 0.1 --save b.snn
cmp -s a.snn b.snn && bad "the note does not have the rates"
run 0 continual $quick --task-lr 0.1,0.02 --save c.snn --json
cp out first
run 0 continual $quick --task-lr 0.1,0.02 --replay 5 --replay-epochs 3 --replay-lr 0.01 --save d.snn --json
[ "$(grep '"event":"task"' out | head -n 1 | grep -o '"accuracy".*')" = \
    "$(grep '"event":"task"' first | head -n 1 | grep -o '"accuracy".*')" ] || bad "replay changes the first task"

# ---- data sets of several sizes
mkdir -p other/wide
"$tiny_idx" other/wide 8
run 0 continual --sets idx:data,idx:other/wide --net 8C3-AP2-FC --batch 50 --heads --save sets.snn
has out 'task  2' 'BWT'
run 0 continual --sets "idx:$work/data,idx:wide" --data sets:other --net 8C3-AP2-FC --batch 50
refuses 1 'other/data' continual --sets idx:data --data sets:other --net 8C3-AP2-FC

# ---- interrupted in a task, between two, or in a replay: the same bits
flags="$quick --epochs 8 --classes 2 --tasks 2 --heads --rows 8 --replay 60 --replay-epochs 150 --schedule cosine"
flags="$flags --task-lr 0.1,0.05"
run 0 continual $flags --save whole.snn
for moment in 1 2 3 4; do
    rm -f cut.snn*
    "$snn" continual $flags --save cut.snn >out 2>err &
    child=$!
    await grep -q '^task  1' out
    sleep 0.0$((moment * 2))
    kill -INT $child || true
    wait $child || true
    if [ ! -e cut.snn ] || [ -e cut.snn.ckpt ]; then
        there cut.snn.ckpt
        run 0 continual --resume cut.snn.ckpt
    fi
    same whole.snn cut.snn
done

# ---- the flags of snn train: log, drawings, a validation for each task, the best epoch of each
flags="$quick --epochs 7 --classes 2 --tasks 2 --heads --lr 0.4 --batch 10 --data.limit 400 --neuron.tau 1.1"
flags="$flags --validation 0.2 --test-every 3"
run 0 continual $flags --curves curves.svg --raster raster.svg --sample 2 --packed bits.snn --keep --json \
    --save all.snn
there curves.svg raster.svg bits.snn all.snn.ckpt all.csv
[ "$(cut -d, -f1,17 all.csv | tail -n +2 | tr '\n' ' ')" = \
    "1,1 2,1 3,1 4,1 5,1 6,1 7,1 8,2 9,2 10,2 11,2 12,2 13,2 14,2 " ] ||
    bad "all.csv does not hold 7 epochs of 2 tasks"
[ "$(tail -n +2 all.csv | cut -d, -f16 | grep -c .)" -eq 14 ] || bad "not every epoch is validated"
[ "$(tail -n +2 all.csv | cut -d, -f5 | grep -c .)" -eq 6 ] ||
    bad "--test-every 3 gives not three figures of each task"
[ "$(grep -c '"event":"epoch"' out)" -eq 14 ] || bad "not an event for each epoch"
run 0 continual $flags --keep-best --save best.snn --quiet
cmp -s all.snn best.snn && bad "--keep-best changes nothing"
run 0 continual $flags --keep-best --patience 1 --save early.snn --quiet
[ "$(wc -l <early.csv)" -lt 15 ] || bad "--patience stops no task"
cut -d, -f1-7,15-17,19- best.csv >best.figures
for moment in 1 2 3 4; do
    rm -f cut.snn* cut.csv
    "$snn" continual $flags --keep-best --every 1 --save cut.snn >out 2>err &
    child=$!
    await has_epoch
    sleep 0.0$((moment * 2))
    kill -$([ $moment -gt 2 ] && echo KILL || echo INT) $child || true
    wait $child || true
    if [ ! -e cut.snn ] || [ -e cut.snn.ckpt ]; then
        there cut.snn.ckpt
        run 0 continual --resume cut.snn.ckpt
    fi
    same best.snn cut.snn
    cut -d, -f1-7,15-17,19- cut.csv >cut.figures
    same best.figures cut.figures
    [ ! -e cut.snn.best ] && [ ! -e cut.snn.ckpt ] || bad "a complete sequence left files"
done
run 0 train --data idx:data --net 64-24-FC --epochs 1 --save start.snn --quiet
run 0 continual $quick --start start.snn --save a.snn
run 0 continual --data idx:data --batch 50 --epochs 2 --start start.snn --save b.snn
[ "$(tail -n 1 a.csv | cut -d, -f1-7)" = "$(tail -n 1 b.csv | cut -d, -f1-7)" ] || bad "--start has another network"
refuses 2 '--start and --heads' continual $quick --start start.snn --heads
refuses 2 '--keep-best needs --validation' continual $quick --keep-best --save x.snn
refuses 2 '--keep-best needs --save' continual $quick --keep-best --validation 0.1

# ---- what is wrong
refuses 2 'of 11 classes, but the data have 10' continual --data idx:data --net 64-8-FC --classes 11
refuses 2 '--tasks: "101"' continual --data idx:data --tasks 101
refuses 2 'do not go together' continual --sets idx:data --classes 2
refuses 2 'is not FORMAT:DIR' continual --sets data
refuses 2 '--task-lr' continual $quick --task-lr fast
run 1 continual $quick --classes 2 # four of the ten classes have samples
has err 'no sample has one of the labels 4 to 5'
refuses 1 'has to be linear' continual --data idx:data --net 64-8-FC-BN --neuron dsr_if --trainer dsr --heads
refuses 2 'unknown flag --teacher' continual $quick --teacher x.snn
refuses 2 'only snn continual trains task after task' train tasks.json --data idx:data --save x.snn

# ---- MNIST, two classes at a time: one head forgets, replay and heads help
if [ -n "${SNN_DATA:-}" ] && [ -d "$SNN_DATA/mnist" ]; then
    for way in '' '--replay 50 --replay-epochs 4' --heads '--heads --rows 40 --more 30'; do
        # shellcheck disable=SC2086 # lists of flags
        run 0 continual --data "idx:$SNN_DATA/mnist" --data.limit 4000 --classes 2 --net 784-100-FC --quiet $way
        sed 's/ACC \([0-9.]*\)%.*/\1/' out
    done >acc
    awk '{ a[NR] = $1 } END { exit !(a[1] < 30 && a[2] > 60 && a[3] > 90 && a[4] > 90) }' acc ||
        bad "ACC of MNIST with one head, replay, heads, projection: $(tr '\n' ' ' <acc)"
fi
finish
