#!/bin/sh
# kill.sh SNN TINY_IDX WORK N - a run that writes checkpoints is killed at N random moments. Each time its checkpoint
# loads, and the resumed run ends with the bits, and the log, of one that was not killed.
set -eu
times=$4
. "$(dirname -- "$0")/common.sh"

numbers="epoch 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 "

run 0 train --data idx:data --net 64-100-10 --batch 25 --lr 0.02 --seed 3 --epochs 1 --optimizer.epochs 20 --every 1 \
    --keep --save first.snn
cp first.snn.ckpt whole.snn.ckpt
cp first.csv whole.csv
began=$(date +%s%N)
run 0 train --resume whole.snn.ckpt --epochs 20
took=$((($(date +%s%N) - began) / 1000)) # microseconds

killed=0
writing=0
early=0
while [ "$killed" -lt "$times" ] && [ "$early" -lt $((10 * times)) ]; do
    rm -f cut.*
    cp first.snn.ckpt cut.snn.ckpt
    cp first.csv cut.csv
    "$snn" train --resume cut.snn.ckpt --epochs 20 >out 2>err &
    child=$!
    moment=$(($(od -An -N4 -tu4 /dev/urandom) % took))
    sleep "$(printf '%d.%06d' $((moment / 1000000)) $((moment % 1000000)))"
    kill -KILL $child 2>/dev/null || true
    status=0
    wait $child 2>/dev/null || status=$?
    if [ "$status" -ne 137 ]; then # it had ended before
        early=$((early + 1))
        continue
    fi
    killed=$((killed + 1))
    for left in cut.*.tmp; do
        [ ! -e "$left" ] || writing=$((writing + 1))
    done
    if [ -e cut.snn ]; then # killed between the model and its end
        same whole.snn cut.snn
    fi
    if [ -e cut.snn.ckpt ]; then
        run 0 info cut.snn.ckpt
        run 0 train --resume cut.snn.ckpt --epochs 20
    fi
    same whole.snn cut.snn
    [ "$(cut -d, -f1 cut.csv | tr '\n' ' ')" = "$numbers" ] ||
        bad "after kill $killed: cut.csv does not hold epochs 1 to 20"
    for left in cut.*.tmp; do
        [ ! -e "$left" ] || bad "after kill $killed: $left is left"
    done
done

[ "$killed" -eq "$times" ] || bad "only $killed of $times runs were killed before they ended"
echo "$killed runs killed, $writing of them while a file was written: $failures checks failed"
finish
