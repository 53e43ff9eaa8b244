#!/bin/sh
# ranks.sh SNN TINY_IDX WORK MPIRUN FOLDER - several processes train one network: the same bits as one process, one
# output, one message where something goes wrong. FOLDER has the libsnn-mpi of MPIRUN's MPI.
set -eu
. "$(dirname -- "$0")/common.sh"
. "$(dirname -- "$0")/ranks_common.sh"

flags="--data idx:data --net 64-40-10 --batch 25 --data.limit 500 --lr 0.02 --seed 3"

# figures LOG: what does not depend on the time that a run takes
figures() {
    cut -d, -f1-7 "$1"
}

# same_run MODEL MODEL: the same bits, and the same log
same_run() {
    same "$1" "$2"
    figures "${1%.snn}.csv" >left
    figures "${2%.snn}.csv" >right
    same left right
}

# ---- the same bits on 1 to 4 ranks; one output
run 0 train $flags --epochs 3 --shards 8 --save one.snn
sed '/^trainer\|^memory\|^model\|^log/d; s/ [0-9,]*\/s$//' out >one.out
for n in 2 3 4; do
    ranks 0 $n train $flags --epochs 3 --threads $((n % 2 + 1)) --save several.snn
    same_run one.snn several.snn
    has out ", 8 shards on $n ranks, $((n % 2 + 1)) thread"
    sed '/^trainer\|^memory\|^model\|^log/d; s/ [0-9,]*\/s$//' out >several.out
    same one.out several.out
    [ ! -e several.snn.ckpt ] || bad "$n ranks: a complete run left its checkpoint"
done
run 0 train $flags --epochs 3 --keep --save plain.snn
! cmp -s plain.snn one.snn || bad "batches of 8 shards have the bits of whole ones"

# ---- stop on 4, resume on 2, then on 1
ranks 0 4 train $flags --epochs 1 --optimizer.epochs 3 --keep --save part.snn
ranks 0 2 train --resume part.snn.ckpt --epochs 2 --optimizer.epochs 3
has out "resumed  part.snn.ckpt: 1 of 2 epochs done" "8 shards on 2 ranks"
run 0 train --resume part.snn.ckpt --epochs 3
has out "8 shards, "
same_run one.snn part.snn

# ---- a signal to the launcher, or to one of the processes
for signal in USR1 TERM; do
    rm -f cut.snn* cut.csv pid.* status.*
    "$mpirun" -n 3 ./kept train $flags --epochs 400 --every 0 --save cut.snn </dev/null >out 2>err &
    child=$!
    await has_epoch
    if [ $signal = TERM ]; then
        kill -TERM "$(cat pid.2)"
    else
        kill -$signal $child
    fi
    status=0
    wait $child || status=$?
    status=$(./ended $status)
    [ $status -eq 130 ] || bad "SIG$signal: exit status $status instead of 130"
    has err "interrupted after"
    [ "$(grep -c 'interrupted after' err)" -eq 1 ] || bad "SIG$signal: said more than once"
    there cut.snn.ckpt
    done=$(sed -n 's/.*interrupted after \([0-9]*\) of.*/\1/p' err)
    run 0 train --resume cut.snn.ckpt --epochs $((done + 2)) --optimizer.epochs 400
    run 0 train $flags --epochs $((done + 2)) --optimizer.epochs 400 --shards 8 --save whole.snn
    same_run whole.snn cut.snn
done

# ---- SIGTERM to the launcher: Open MPI kills a second later, with a status of its own; MPICH's may be 0
rm -f cut.snn* cut.csv
"$mpirun" -n 3 "$snn" train $flags --epochs 400 --save cut.snn </dev/null >out 2>err &
child=$!
await has_epoch
kill -TERM $child
! wait $child || "$mpirun" --version | grep -q HYDRA || bad "SIGTERM to the launcher: exit status 0"
there cut.snn.ckpt
done=$(tail -n 1 cut.csv | cut -d, -f1)
ranks 0 2 train --resume cut.snn.ckpt --epochs $((done + 2)) --optimizer.epochs 400
run 0 train $flags --epochs $((done + 2)) --optimizer.epochs 400 --shards 8 --save whole.snn
same_run whole.snn cut.snn

# ---- validation, patience, other steps in training; a method with an update at each step; what is sent
few="$flags --epochs 4 --validation 0.2 --keep-best --patience 2 --test-every 0 --lr 0.3 --train-steps 4"
run 0 train $few --shards 8 --save one.snn
ranks 0 3 train $few --save several.snn
same_run one.snn several.snn
for kind in "--trainer.variant O" "--trainer bptt --shards 4" "--send bf16" "--send sign"; do
    run 0 train $flags --shards 8 $kind --epochs 2 --save one.snn
    ranks 0 4 train $flags --shards 8 $kind --epochs 1 --optimizer.epochs 2 --keep --save several.snn
    ranks 0 2 train --resume several.snn.ckpt --epochs 2
    same_run one.snn several.snn
done
ranks 0 2 train $flags --epochs 2 --reduce any --save any.snn
there any.snn
ranks 0 2 train $flags --epochs 1 --product-table measure --save any.snn
has err "each rank measures for itself"
[ "$(grep -c '^snn: ' err)" -eq 1 ] || bad "the warning of measured products is said more than once"

# ---- eval, continual, recipe
ranks 0 2 eval one.snn --data idx:data --confusion
grep -v ' s$' out >several.out
run 0 eval one.snn --data idx:data --confusion --trainer.shards 8
grep -v ' s$' out >one.out
same one.out several.out
tasks="$flags --net 64-40-10 --tasks 2 --rows 8,8 --more 6,6 --epochs 2"
run 0 continual $tasks --shards 8 --save one.snn
cp out one.out
ranks 0 3 continual $tasks --save several.snn
same_run one.snn several.snn
rm -f cut.snn* cut.csv
"$mpirun" -n 2 ./noted continual $tasks --epochs 40 --every 1 --save cut.snn </dev/null >out 2>err &
child=$!
await has_epoch
kill -USR1 "$(cat pid.1)" || true
wait $child || true
there cut.snn.ckpt
run 0 continual --resume cut.snn.ckpt
run 0 continual $tasks --epochs 40 --shards 8 --save one.snn
same_run one.snn cut.snn
ranks 0 2 recipe ide-fashion-mnist --try --batch 20 --json
has out '"ranks":2'
ranks 0 2 recipe ide-fashion-mnist --try --data data --batch 20
has out "samples/s in training, on idx:data"

# ---- a launcher of PMIx that does not tell how many there are (Open MPI's without its own variables)
if "$mpirun" --version | grep -q 'Open MPI\|OpenRTE'; then
    cat >pmix <<END
#!/bin/sh
unset OMPI_COMM_WORLD_SIZE
exec "$snn" "\$@"
END
    chmod +x pmix
    run 0 train $flags --epochs 1 --shards 8 --save one.snn
    "$mpirun" -n 3 ./pmix train $flags --epochs 1 --save several.snn </dev/null >out 2>err || bad "PMIX_RANK alone"
    same_run one.snn several.snn
    run 0 train $flags --epochs 1 --save one.snn
    "$mpirun" -n 1 ./pmix train $flags --epochs 1 --save several.snn </dev/null >out 2>err || bad "one rank alone"
    same one.snn several.snn
    ! "$mpirun" -n 2 ./pmix info one.snn </dev/null >out 2>err || bad "info runs on two ranks"
    has err "the launcher has started some, without telling how many"
fi

# ---- commands that do not share their work; what is printed once
refuses_ranks 2 "runs in one process, and the launcher has started 2" 2 info one.snn
refuses_ranks 2 "runs in one process, and the launcher has started 2" 2 sweep $flags --seed 1,2 --save swept
[ ! -e swept ] || bad "a sweep over ranks began"
refuses_ranks 2 "start it in one process" 2 eval one.snn --data idx:data --neurobench
refuses_ranks 2 "unknown command" 2 trian
ranks 0 3 train --help
[ "$(grep -c '^usage' out)" -eq 1 ] || bad "the help is printed more than once"

# ---- what goes wrong
refuses_ranks 2 "unknown flag --epoch; did you mean --epochs?" 3 train $flags --epoch 3
[ "$(grep -c 'try: snn train' err)" -eq 1 ] || bad "wrong usage is said more than once"
refuses_ranks 2 "9 ranks train batches that are cut into as many shards" 9 train $flags --shards 8 --save x.snn
refuses_ranks 2 "as many shards or more, and these are of 1" 2 train --resume plain.snn.ckpt --epochs 9 --save x.snn
refuses_ranks 1 "x/x.snn" 2 train $flags --save x/x.snn
mkdir other
"$tiny_idx" other 2
both="--net 64-40-10 --batch 25 --epochs 2 --save x.snn"
refuses_apart "rank 2: " "--data idx:data $both" "--data idx:absent $both"
refuses_apart "rank 2: settings.optimizer.lr: 0.02 here, 0.1 on rank 0" "--data idx:data $both" \
    "--data idx:data --lr 0.02 $both"
refuses_apart "rank 2: training set." "--normalise none --data idx:data $both" \
    "--normalise none --data idx:other $both"
refuses_apart "rank 2: settings.data.test_limit: 300 here, not set on rank 0" "--data idx:data $both" \
    "--data idx:data --data.test_limit 300 $both"
for left in x.*; do
    [ ! -e "$left" ] || bad "$left is left of a run that never began"
done

# ---- without libsnn-mpi, and under the launcher of another MPI
mkdir bin lib
cp "$snn" bin/snn
for library in "$(dirname -- "$snn")"/../lib/libsnn*.so.*; do
    case $library in
    *libsnn-mpi*) ;;
    *) ln -sf "$(realpath "$library")" "lib/${library##*/}" ;;
    esac
done
status=0
rm -f status.*
LD_LIBRARY_PATH=$PWD/lib tool=bin/snn "$mpirun" -n 2 ./kept train $flags --save x.snn </dev/null >out 2>err ||
    status=$?
status=$(./ended $status)
[ $status -eq 1 ] || bad "without libsnn-mpi: exit status $status instead of 1"
has err "libsnn-mpi, which cannot be loaded"
[ "$(grep -c '^snn: ' err)" -eq 1 ] || bad "that libsnn-mpi is absent is said more than once"
for other in mpirun.openmpi mpirun.mpich; do
    ! command -v $other >/dev/null || [ "$(realpath "$(command -v $other)")" = "$(realpath "$mpirun")" ] || {
        status=0
        rm -f status.*
        $other -n 2 ./kept train $flags --save x.snn </dev/null >out 2>err || status=$?
        status=$(./ended $status $other)
        [ $status -eq 1 ] || bad "$other: exit status $status instead of 1"
        has err "start them by its own mpirun"
        [ "$(grep -c '^snn: ' err)" -eq 1 ] || bad "$other: said more than once"
    }
done

finish
