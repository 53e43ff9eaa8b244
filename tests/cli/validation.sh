#!/bin/sh
# validation.sh SNN TINY_IDX WORK - snn train with a share of the samples that judges its epochs: what is kept, when
# it stops, and that an interruption, or a death, changes nothing of it.
set -u
. "$(dirname "$0")/common.sh"

# column FILE N: a column of a log
column() {
    sed 1d "$1" | cut -d, -f"$2"
}

# best FILE: the first epoch with the largest accuracy of the validation
best() {
    column "$1" 1,16 | awk -F, '$2 > most { most = $2; n = $1 } END { print n }'
}

# ---- the share leaves the training set, whatever the seed; statistics are those of what is left
flags="--data idx:data --net 64-12-10 --lr 0.4 --batch 10 --data.limit 400 --neuron.tau 1.1"
run 0 train $flags --epochs 2 --validation 0.25 --json --save a.snn
has out '"train_samples":299' '"validation_samples":101' '"validation_accuracy":0.'
mean=$(sed 's/.*"mean":\[\([^]]*\)\].*/\1/;q' out)
run 0 train $flags --epochs 2 --json --save b.snn
hasnt out "\"mean\":[$mean]"
has out '"validation_samples":0' '"validation_accuracy":null'

# ---- the model is that of the best epoch: it predicts what a run that ends there predicts
run 0 train $flags --epochs 9 --validation 0.25 --keep-best --test-every 4 --save best.snn
cp out printed
n=$(best best.csv)
[ "$n" -lt 9 ] || bad "the last epoch is the best one: nothing is shown"
has printed "best     epoch $n: accuracy of the validation" ", the model" "  valid "
[ "$(column best.csv 5 | grep -c .)" -eq 3 ] || bad "--test-every 4 and 9 epochs give not three test accuracies"
[ "$(column best.csv 16 | grep -c .)" -eq 9 ] || bad "not every epoch is validated"
[ "$(awk '/^epoch/ && length($0) > 80' printed)" = "" ] || bad "lines of more than 80 columns"
[ ! -e best.snn.best ] || bad "the file of the best weights is left"
run 0 train $flags --epochs "$n" --optimizer.epochs 9 --validation 0.25 --save end.snn --quiet
for split in test validation; do
    run 0 predict best.snn --data idx:data --data.limit 400 --split $split --save best.npy
    run 0 predict end.snn --data idx:data --data.limit 400 --split $split --save end.npy
    same best.npy end.npy
done
run 0 eval best.snn --data idx:data --quiet
[ "$(tail -n 1 out)" = "$(tail -n 1 printed)" ] || bad "the test accuracy is not that of the model"
run 0 eval best.snn --data idx:data --data.limit 400 --split validation --json
accuracy=$(column best.csv 1,16 | sed -n "s/^$n,//p")
has out "\"accuracy\":$accuracy"
run 0 eval a.snn --data idx:data --data.limit 400 --split train --json
has out '"samples":299'
refuses 2 "was trained without --validation" eval b.snn --data idx:data --split validation

# ---- patience
run 0 train $flags --epochs 60 --validation 0.25 --patience 3 --test-every 0 --save p.snn
n=$(best p.csv)
has out "stopped  after epoch $((n + 3)): no better accuracy of the validation since epoch $n"
[ "$(column p.csv 1 | tail -n 1)" -eq $((n + 3)) ] || bad "it does not stop three epochs after the best one"
run 0 train $flags --epochs 60 --validation 0.25 --patience 3 --best-by loss --keep-best --json --save l.snn
n=$(column l.csv 1,15 | awk -F, 'NR == 1 || $2 < least { least = $2; n = $1 } END { print n }')
has out '"event":"stopped"' "\"validation_best_epoch\":$n"

# ---- interrupted, or killed, at any moment: the same model, the same log
flags="$flags --epochs 14 --validation 0.25 --keep-best --patience 9 --test-every 3"
run 0 train $flags --save whole.snn --quiet
cut -d, -f1-7,15,16 whole.csv >whole.figures
for signal in INT KILL KILL KILL; do
    rm -f cut.snn* cut.csv
    for pause in 0.00 0.01 0.02 0.03 0.04; do
        if [ -e cut.snn.ckpt ]; then
            "$snn" train --resume cut.snn.ckpt >out 2>err &
        elif [ ! -e cut.snn ]; then
            "$snn" train $flags --save cut.snn >out 2>err &
        else
            break
        fi
        child=$!
        await has_epoch
        sleep $pause
        kill -$signal $child 2>/dev/null || true
        wait $child 2>/dev/null || true
        grep -q SNN_ERR err && bad "$signal: $(cat err)"
    done
    if [ -e cut.snn.ckpt ]; then # also where it died as it tried whether cut.snn can be written, or beside it
        run 0 train --resume cut.snn.ckpt
    elif [ ! -e cut.snn ]; then
        run 0 train $flags --save cut.snn # it died each time before there was a checkpoint
    fi
    same whole.snn cut.snn
    cut -d, -f1-7,15,16 cut.csv >cut.figures
    same whole.figures cut.figures
    [ ! -e cut.snn.best ] || bad "$signal: the file of the best weights is left"
done

# ---- --keep: more epochs of a run that stopped
run 0 train $flags --epochs 6 --optimizer.epochs 14 --keep --save part.snn --quiet
there part.snn.best part.snn.ckpt
run 0 train --resume part.snn.ckpt --epochs 14 --quiet
run 0 predict whole.snn --data idx:data --save whole.npy
run 0 predict part.snn --data idx:data --save part.npy
same whole.npy part.npy
run 0 train $flags --epochs 6 --keep --save part.snn --quiet
if [ "$(best part.csv)" -lt 6 ]; then
    rm part.snn.best
    refuses 1 "part.snn.best: does not hold the weights of epoch" train --resume part.snn.ckpt --epochs 9
fi

# ---- what does not go
quick="train --data idx:data --net 64-8-10 --save x.snn"
for flag in "--patience 3" --keep-best "--best-by loss"; do
    refuses 2 "${flag%% *} needs --validation" $quick $flag
done
refuses 2 "1.5 is not between 0 and 1" $quick --validation 1.5
refuses 2 "is not one of accuracy, loss" $quick --validation 0.1 --best-by f1
refuses 2 "--patience: -1 is below 0" $quick --validation 0.1 --patience -1
refuses 1 "none of 1 samples is left: a share of 0.1 takes none of a class of 1" $quick --validation 0.1 \
    --data.limit 1
refuses 1 "a share of 0.0001 is less than half a sample of each class; " $quick --validation 0.0001
least=$(sed -n 's/.*each class; \([0-9.]*\) is 1 of the .*/\1/p' err)
run 0 $quick --validation "$least" --epochs 1 --save y.snn --quiet

# ---- targets have no accuracy
awk 'BEGIN { srand(4); print "a,y"; for (i = 0; i < 200; i++) { a = rand(); printf "%.4f,%.4f\n", a, a * a } }' >y.csv
series="train --data csv:y.csv --data.targets y --data.share 0.5 --net 1-16-1 --trainer bptt --loss mse"
series="$series --validation 0.2"
run 0 $series --keep-best --epochs 3 --json --save s.snn
has out '"validation_accuracy":null' '"validation_best":0.0'
refuses 2 "loss alone judges them" $series --best-by accuracy --save x.snn

finish
