#!/bin/sh
# ranks_kill.sh SNN TINY_IDX WORK MPIRUN FOLDER N - a rank is killed at N random moments. Each time all end, the
# checkpoint loads, and the run resumed on another number of ranks ends with the bits of one that was not killed.
set -eu
. "$(dirname -- "$0")/common.sh"
. "$(dirname -- "$0")/ranks_common.sh"

times=$6
numbers="epoch 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 "
flags="--data idx:data --net 64-100-10 --batch 25 --data.limit 500 --lr 0.02 --seed 3 --shards 8 --send sign"

run 0 train $flags --epochs 1 --optimizer.epochs 20 --every 1 --keep --save first.snn
cp first.snn.ckpt whole.snn.ckpt
cp first.csv whole.csv
began=$(date +%s%N)
ranks 0 3 train --resume whole.snn.ckpt --epochs 20
took=$((($(date +%s%N) - began) / 1000)) # microseconds

random() {
    echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

gone() {
    for file in pid.*; do
        if kill -0 "$(cat "$file")" 2>/dev/null; then
            return 1
        fi
    done
}

killed=0
early=0
while [ "$killed" -lt "$times" ] && [ "$early" -lt $((10 * times)) ]; do
    rm -f cut.* pid.*
    cp first.snn.ckpt cut.snn.ckpt
    cp first.csv cut.csv
    timeout -k 5 300 "$mpirun" -n 3 ./noted train --resume cut.snn.ckpt --epochs 20 </dev/null >out 2>err &
    child=$!
    await test -s pid.0
    await test -s pid.1
    await test -s pid.2
    moment=$(random $took)
    sleep "$(printf '%d.%06d' $((moment / 1000000)) $((moment % 1000000)))"
    rank=$(random 3)
    kill -KILL "$(cat pid.$rank)" 2>/dev/null || true
    began=$(date +%s%N)
    status=0
    wait $child || status=$?
    if [ "$status" -eq 0 ]; then # it had ended before: runs take less than that
        early=$((early + 1))
        took=$((moment + 1))
        continue
    fi
    [ "$status" -ne 124 ] || bad "the run does not end"
    killed=$((killed + 1))
    seconds=$((($(date +%s%N) - began) / 1000000000))
    [ $seconds -lt 20 ] || bad "after kill $killed, of rank $rank: $seconds seconds until all had ended"
    await gone
    gone || bad "after kill $killed, of rank $rank: a process goes on"
    # The launcher's word, or that of UCX under MPICH, which may end a rank that reads from the killed one first.
    grep -q 'signal 9\|process_vm_readv.*No such process' out err || {
        bad "after kill $killed, of rank $rank: nobody says that a rank was killed:"
        sed 's/^/    /' out err
    }
    if [ $rank -ne 0 ] && grep -q '^epoch' out && ! grep -q '^epoch  20' out; then
        case $mpirun in
        *openmpi) has err "all ranks stop after this batch; until then cut.snn.ckpt holds epoch" ;; # it sends SIGTERM
        esac
    fi
    if [ -e cut.snn ]; then # killed between the model and its end
        same whole.snn cut.snn
    fi
    if [ -e cut.snn.ckpt ]; then
        run 0 info cut.snn.ckpt
        case $((killed % 3)) in
        0) run 0 train --resume cut.snn.ckpt --epochs 20 ;;
        1) ranks 0 2 train --resume cut.snn.ckpt --epochs 20 ;;
        2) ranks 0 4 train --resume cut.snn.ckpt --epochs 20 ;;
        esac
    fi
    same whole.snn cut.snn
    [ "$(cut -d, -f1 cut.csv | tr '\n' ' ')" = "$numbers" ] ||
        bad "after kill $killed: cut.csv does not hold epochs 1 to 20"
    for left in cut.*.tmp; do
        [ ! -e "$left" ] || bad "after kill $killed: $left is left"
    done
done

[ "$killed" -eq "$times" ] || bad "only $killed of $times runs were killed before they ended"
echo "$killed ranks killed: $failures checks failed"
finish
