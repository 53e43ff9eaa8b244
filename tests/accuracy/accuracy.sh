#!/bin/sh
# accuracy.sh SNN OUT [PATTERN] - trains the networks whose accuracy we promise, several seeds each, and checks the
# mean of the test accuracies after the last epoch.
#
# SNN: the tool. OUT: where models, logs and curves go. PATTERN: run only the rows whose name matches it (a shell
# pattern). The environment's SNN_DATA is the folder of the data sets; without it, all is skipped (exit status 77).
# Prints a table in Markdown and ends with 'N passed, N failed'.
set -eu

needs='mnist and fashion-mnist'
. "$(dirname -- "$0")/common.sh"
data=$SNN_DATA

# row NAME DATASET EPOCHS SEEDS LEAST FLAGS...: LEAST is the promised mean, in per cent.
row() {
    name=$1 dataset=$2 epochs=$3 seeds=$4 least=$5
    shift 5
    wanted "$name" || return 0
    if [ ! -d "$data/$dataset" ]; then
        printf '| %s | skipped: %s is absent |\n' "$name" "$data/$dataset"
        return 0
    fi
    all=
    begin=$(date +%s)
    # several seeds run side by side, one thread each: the result does not depend on the number of threads
    case $seeds in *' '*) threads=1 ;; *) threads=0 ;; esac
    for seed in $seeds; do
        "$snn" train --data "idx:$data/$dataset" --epochs "$epochs" --seed "$seed" --threads $threads --quiet \
            --every 0 \
            --save "$out/$name-$seed.snn" --curves "$out/$name-$seed.svg" "$@" >"$out/$name-$seed.txt" &
    done
    wait
    for seed in $seeds; do
        all="$all $(accuracy "$name-$seed" | grep . || echo 0)"
    done
    seconds=$(($(date +%s) - begin))
    # shellcheck disable=SC2046,SC2086 # lists of numbers
    set -- $(spread $all)
    printf '| %s | %d |%s | %.2f | %.2f | %.1f | %d |\n' "$name" "$epochs" "$all" "$1" "$2" "$least" "$seconds"
    if awk "BEGIN { exit $1 < $least }"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: below the promised mean of %s %%\n' "$name" "$least" >&2
    fi
}

# of the paper: the first two hold for MNIST, and were taken for Fashion-MNIST, too
ide='--mean 0.1307 --deviation 0.3081 --dropout 0.2 --loss ce --lr 0.05 --weight-decay 5e-4 --schedule step'

printf '| run | epochs | test accuracy of each seed, %% | mean | deviation | promised | seconds |\n'
printf '|---|---|---|---|---|---|---|\n'

# 784-800-10, T = 6, the defaults of the tool: SGD 0.1, momentum 0.9, cosine to 0, batch 128, 0.95 CE + 0.05 MSE
row fashion-ottt-a fashion-mnist 15 '1 2 3' 88.6 --trainer ottt
row fashion-ottt-o fashion-mnist 15 '1 2 3' 88.3 --trainer ottt --trainer.variant O
row fashion-eprop-symmetric fashion-mnist 15 '1 2 3' 87.5 --trainer eprop
row fashion-eprop-random fashion-mnist 15 '1 2 3' 88.5 --trainer eprop --trainer.feedback random
row fashion-sltt fashion-mnist 15 '1 2 3' 88.3 --trainer sltt
row fashion-bptt fashion-mnist 15 '1 2 3' 88.3 --trainer bptt
row mnist-ottt-a mnist 8 '1 2 3' 98.3 --trainer ottt
row mnist-ottt-o mnist 8 '1 2 3' 98.3 --trainer ottt --trainer.variant O
row mnist-sltt mnist 8 '1 2 3' 98.3 --trainer sltt
row mnist-bptt mnist 8 '1 2 3' 98.3 --trainer bptt
# 400 (F400), LIF 0.95, T = 5, the settings of the paper
# shellcheck disable=SC2086 # a list of flags
row fashion-ide fashion-mnist 100 '1 2 3' 90.0 --net ide-400 --trainer ide --steps 5 $ide
# 64C5s (F64C5), LIF 0.95, T = 30; the paper's 100 epochs with drops shortened to 7 along a cosine
# shellcheck disable=SC2086
row mnist-conv-ide mnist 7 '1' 99.3 --net ide-64c5 --trainer ide --steps 30 $ide --schedule cosine
# T = 30, T_B = 100; cosine to 0 in place of the paper's long schedule
row mnist-conv-spide mnist 6 '1' 98.8 --net spide-convnet-f --trainer spide --steps 30 --dropout 0.2 --loss ce \
    --lr 0.0005 \
    --momentum 0.9 --weight-decay 5e-4 --schedule cosine
row fashion-conv-ottt fashion-mnist 5 '1' 90.5 --net ws:32C3-AP2-64C3-AP2-64C3-FC --trainer ottt

# with batch norm over all steps and neurons behind the readout, T = 20; cross-entropy, weight decay as in the paper
dsr='--trainer dsr --neuron dsr_if --steps 20 --loss ce --weight-decay 5e-4'
# shellcheck disable=SC2086 # a list of flags
row fashion-dsr fashion-mnist 20 '1 2 3' 89.0 --net 784-400-BN-10-BN $dsr
# shellcheck disable=SC2086
row mnist-dsr mnist 15 '1 2 3' 98.2 --net 784-800-BN-10-BN $dsr

finish
