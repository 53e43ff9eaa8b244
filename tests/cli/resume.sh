#!/bin/sh
# resume.sh SNN TINY_IDX WORK - a run that is interrupted and resumed gives the bits of one that was not.
set -eu
. "$(dirname -- "$0")/common.sh"

flags="--data idx:data --net 64-100-10 --batch 25 --lr 0.02 --seed 3"
numbers="epoch 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 "

# ---- 20 epochs, and 10 that become 20
run 0 train $flags --epochs 20 --save whole.snn
run 0 train $flags --epochs 10 --optimizer.epochs 20 --keep --save part.snn
run 0 train --resume part.snn.ckpt --epochs 20
has out "resumed  part.snn.ckpt: 10 of 20 epochs done" "epoch  20/20"
same whole.snn part.snn
[ "$(cut -d, -f1 part.csv | tr '\n' ' ')" = "$numbers" ] || bad "part.csv does not hold epochs 1 to 20"
cut -d, -f1-6 whole.csv >whole.figures
cut -d, -f1-6 part.csv >part.figures
same whole.figures part.figures

# ---- mixtures are those of a whole run
run 0 train $flags --trainer.mixup 0.2 --epochs 4 --save mixed.snn
run 0 train $flags --trainer.mixup 0.2 --epochs 2 --optimizer.epochs 4 --keep --save half.snn
run 0 train --resume half.snn.ckpt --epochs 4
same mixed.snn half.snn
run 0 info mixed.snn
has out '"mixup": 0.2'
run 0 train $flags --epochs 4 --save plain.snn
[ "$(cut -d, -f2 plain.csv)" != "$(cut -d, -f2 mixed.csv)" ] || bad "mixup has no effect"

# ---- a signal in the middle; the run is complete afterwards and leaves no checkpoint
rm -f cut.snn* cut.csv
"$snn" train $flags --epochs 20 --every 0 --save cut.snn >out 2>err &
child=$!
await has_epoch
kill -INT $child || true
wait $child || true
there cut.snn.ckpt
[ ! -e cut.snn ] || bad "an interrupted run left a model"
run 0 train --resume cut.snn.ckpt
same whole.snn cut.snn
[ ! -e cut.snn.ckpt ] || bad "a complete run left its checkpoint"
[ "$(cut -d, -f1 cut.csv | tr '\n' ' ')" = "$numbers" ] || bad "cut.csv does not hold epochs 1 to 20"
refuses 1 "cut.snn.ckpt: does not exist, since cut.snn is complete" train --resume cut.snn.ckpt

# its figures are those of all parts of the interrupted epoch
cut -d, -f1-7 whole.csv >whole.figures
cut -d, -f1-7 cut.csv >cut.figures
same whole.figures cut.figures

# ---- a signal during an evaluation, which is most of these epochs: the test columns are filled in later
few="--data idx:data --net 64-100-10 --batch 1 --data.limit 50 --lr 0.02 --seed 3 --epochs 60"
run 0 train $few --save few.snn
attempts=0
: >cut.csv
until tail -n 1 cut.csv | grep -q '^[0-9]*,[^,]*,[^,]*,,,' || [ $attempts -ge 50 ]; do
    rm -f cut.snn* cut.csv
    "$snn" train $few --every 0 --save cut.snn >out 2>err &
    child=$!
    await has_epoch
    sleep "0.$(printf %02d $((7 * attempts % 40)))" # what the signal meets differs from attempt to attempt
    kill -INT $child || true
    wait $child || true
    attempts=$((attempts + 1))
done
[ $attempts -lt 50 ] || bad "no evaluation was interrupted"
run 0 train --resume cut.snn.ckpt
same few.snn cut.snn
cut -d, -f1-6 few.csv >few.figures
cut -d, -f1-6 cut.csv >cut.figures
same few.figures cut.figures
rm -f cut.snn* cut.csv

# ---- ide: dropout masks, running values, the power iteration of the feedback weights
flags="--data idx:data --net ide-400 --dropout 0.2 --trainer ide --steps 5 --loss ce --lr 0.05 --schedule step"
run 0 train $flags --epochs 4 --threads 1 --save ide-whole.snn
run 0 train $flags --epochs 2 --threads 2 --optimizer.epochs 4 --keep --save ide-part.snn
run 0 train --resume ide-part.snn.ckpt --epochs 4 --threads 3
same ide-whole.snn ide-part.snn
cut -d, -f1-7,10-17,19- ide-whole.csv >ide-whole.figures
cut -d, -f1-7,10-17,19- ide-part.csv >ide-part.figures
same ide-whole.figures ide-part.figures
rm -f cut.snn* cut.csv
"$snn" train $flags --epochs 4 --every 0 --save cut.snn >out 2>err &
child=$!
await has_epoch
kill -INT $child || true
wait $child || true
run 0 train --resume cut.snn.ckpt
same ide-whole.snn cut.snn
cut -d, -f1-7,10-17,19- cut.csv >cut.figures
same ide-whole.figures cut.figures

# ---- an epoch under way goes on over its own data set only
rm -f cut.snn* cut.csv
"$snn" train $flags --epochs 400 --every 0 --save cut.snn >out 2>err &
child=$!
await has_epoch
kill -INT $child || true
wait $child || true
cp cut.csv cut.log
run 1 train --resume cut.snn.ckpt --data.limit 300 --csv cut.log
has err "continues over its own data only"
hasnt out "samples/s"
same cut.csv cut.log
there cut.snn.ckpt
refuses 2 "--dropout do not go with --resume" train --resume ide-part.snn.ckpt --dropout 0.1
# ---- dsr: thresholds that learn, batch norm's running values
flags="--data idx:data --net 64-40-BN-10-BN --trainer dsr --neuron dsr_if --steps 8 --loss ce"
flags="$flags --weight-decay 5e-4 --batch 25"
run 0 train $flags --epochs 4 --threads 1 --save dsr-whole.snn
run 0 train $flags --epochs 2 --threads 2 --optimizer.epochs 4 --keep --save dsr-part.snn
run 0 train --resume dsr-part.snn.ckpt --epochs 4 --threads 3
same dsr-whole.snn dsr-part.snn
rm -f cut.snn* cut.csv
"$snn" train $flags --epochs 4 --every 0 --save cut.snn >out 2>err &
child=$!
await has_epoch
kill -INT $child || true
wait $child || true
[ ! -e cut.snn.ckpt ] || run 0 train --resume cut.snn.ckpt
same dsr-whole.snn cut.snn
flags="--data idx:data --net 64-100-10 --batch 25 --lr 0.02 --seed 3"

# ---- a sequence of tasks: interrupted within one, and between two
flags="--data idx:data --net 64-40-10 --rows 8,8 --more 6,6 --tasks 2 --epochs 5 --batch 25 --lr 0.05 --trainer ottt"
run 0 continual $flags --threads 1 --save seq-whole.snn
grep '^ACC' out >whole.acc
rm -f cut.snn* out # that of the run before has the line which is waited for
"$snn" continual $flags --threads 1 --save cut.snn --matrix cut.svg >out 2>err &
child=$!
await grep -q '^task  1' out
kill -INT $child || true
wait $child || true
there cut.snn.ckpt
if [ ! -e cut.snn ]; then
    if grep -q 'and a part' err; then
        run 1 continual --resume cut.snn.ckpt --data.limit 300
        has err "continues over its own data only"
        there cut.snn.ckpt
    fi
    run 0 continual --resume cut.snn.ckpt
    has out "resumed  cut.snn.ckpt:"
    grep '^ACC' out >cut.acc
    same whole.acc cut.acc
fi
same seq-whole.snn cut.snn
has cut.svg "after 2"
[ ! -e seq-whole.snn.ckpt ] && [ ! -e cut.snn.ckpt ] || bad "a complete sequence left its checkpoint"
refuses 2 "what makes the tasks do not go with --resume" continual --resume whole.snn --rows 1,1
refuses 1 "is not a checkpoint of snn continual" continual --resume whole.snn
flags="--data idx:data --net 64-100-10 --batch 25 --lr 0.02 --seed 3"

# ---- a run that is over: nothing is trained, the model is written again
run 0 train --resume part.snn.ckpt --save over.snn
hasnt out "epoch "
has err "part.snn.ckpt: is complete; with --epochs N"
there part.snn.ckpt
same whole.snn over.snn

# ---- what a checkpoint does not allow
refuses 2 "do not go with --resume" train --resume part.snn.ckpt --net 64-8-10
run 1 train --resume part.snn.ckpt --trainer sltt --save x.snn
has err "SNN_ERR_"
run 1 train --resume part.snn.ckpt --optimizer adam --save x.snn
mkdir away
cd away
run 1 train --resume ../part.snn.ckpt --epochs 21
has err "--data idx:DIR names the data from here"
run 0 train --resume ../part.snn.ckpt --data idx:../data --save far.snn
cd ..

finish
