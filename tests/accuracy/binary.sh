#!/bin/sh
# binary.sh SNN OUT [PATTERN] - binary weights beside full precision on Fashion-MNIST, docs/methods/sei.md:
# accuracies, size of the packed file, and whether it gives the same outputs, bit for bit, for all test images.
#
# SNN: the tool. OUT: where models and logs go; a run whose log is complete is not run again. PATTERN: run only the
# rows whose name matches it (a shell pattern). The environment: SNN_DATA, the folder that holds fashion-mnist
# (without it, all is skipped, exit status 77); SNN_LIBRARY, the shared library (without it, outputs are not
# compared); PYTHON, one with NumPy; STEPS, a list, default 2; CONV and TRANSFORMER, flags that say how long to train.
# Ends with 'N passed, N failed'.
set -eu

needs='fashion-mnist'
. "$(dirname -- "$0")/common.sh"
here=$(dirname -- "$0")
data=$SNN_DATA/fashion-mnist
conv=${CONV:---data.limit 12000 --epochs 3 --batch 32 --lr 0.05}
transformer=${TRANSFORMER:---epochs 2 --batch 64 --lr 0.1}

# binary-conv without shortcuts, for the file in $1
plain_conv() {
    {
        printf '{"network": {"format": 1, "input": [1, 28, 28], "layers": ['
        printf '{"name": "conv1", "type": "conv2d", "out": 128, "pad": 1, "bias": 0, "init": "kaiming"},'
        printf '{"name": "bn1", "type": "batch_norm", "over": "all"},'
        printf '{"name": "pool1", "type": "avgpool", "stride": 2},'
        for i in 2 3 4 5 6 7; do
            stride=1
            [ $i -ne 4 ] || stride=2
            printf '{"name": "sn%d", "type": "lif"},' $i
            printf '{"name": "conv%d", "type": "conv2d", "out": 128, "pad": 1, "stride": %d, "bias": 0, ' $i $stride
            printf '"init": "kaiming", "binary": "sign"},{"name": "bn%d", "type": "batch_norm", "over": "all"},' $i
        done
        printf '{"name": "sn8", "type": "lif"},{"name": "pool8", "type": "avgpool", "kernel": 0},'
        printf '{"name": "flatten", "type": "flatten"},{"name": "fc", "type": "linear", "out": 10}]}}\n'
    } >"$1"
}

# row NAME FLAGS...: prints the accuracy and keeps it
row() {
    name=$1
    shift
    wanted "$name" || return 0
    if ! grep -q '^test accuracy' "$out/$name.txt" 2>/dev/null; then
        "$snn" train "$@" --data "idx:$data" --trainer sei --loss ce --every 0 --quiet --threads "${THREADS:-0}" \
            --save "$out/$name.snn" --packed "$out/$name.packed" >"$out/$name.txt"
    fi
    printf '| %s | %s |\n' "$name" "$(accuracy "$name")"
}

# have NAME...: whether all these rows were run
have() {
    for name; do
        [ -n "$(accuracy "$name")" ] || return 1
    done
}

check_packed() {
    if [ -n "${SNN_LIBRARY:-}" ]; then
        same=0
        PYTHONPATH=$here/../../src/python "${PYTHON:-python3}" "$here/packed.py" "$out/$1.snn" "$out/$1.packed" \
            "$data" || same=1
        check "$1: the same outputs of all test images" "$same == 0"
    fi
}

plain_conv "$out/plain.json"
printf '| run | test accuracy, %% |\n|---|---|\n'
# shellcheck disable=SC2086 # lists of flags, and numbers
for steps in ${STEPS:-2}; do
    for kind in scaled none; do
        row conv-$kind-$steps --net binary-conv --binary $kind --steps "$steps" $conv
    done
    row conv-plain-$steps "$out/plain.json" --steps "$steps" $conv
    if have conv-none-$steps; then
        row conv-taught-$steps --net binary-conv --teacher "$out/conv-none-$steps.snn" --steps "$steps" $conv
    fi
    for kind in scaled none; do
        row tr-$kind-$steps --net binary-transformer --binary $kind --steps "$steps" $transformer
    done
    if have conv-scaled-$steps conv-none-$steps; then
        check "conv, T = $steps: within 1.5 of full precision" \
            "$(accuracy conv-scaled-$steps) >= $(accuracy conv-none-$steps) - 1.5"
        check "conv, T = $steps: packed file at most 1/20" \
            "$(wc -c <"$out/conv-scaled-$steps.packed") * 20 <= $(wc -c <"$out/conv-none-$steps.snn")"
        check_packed conv-scaled-$steps
    fi
    if have conv-scaled-$steps conv-plain-$steps; then
        check "conv, T = $steps: better than plain signs" \
            "$(accuracy conv-scaled-$steps) > $(accuracy conv-plain-$steps)"
    fi
    if have tr-scaled-$steps tr-none-$steps; then
        check "transformer, T = $steps: within 1.5 of full precision" \
            "$(accuracy tr-scaled-$steps) >= $(accuracy tr-none-$steps) - 1.5"
        check_packed tr-scaled-$steps
    fi
done
finish
