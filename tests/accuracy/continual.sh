#!/bin/sh
# continual.sh SNN OUT [PATTERN] - permuted MNIST at the scale of the paper, with and without hlop,
# docs/methods/hlop.md: ten tasks, 784-800-800-10 without biases, one epoch each.
#
# SNN: the tool. OUT: where networks, logs and matrices go; a run whose log is complete is not run again. PATTERN: run
# only the rows whose name matches it (a shell pattern). The environment's SNN_DATA is the folder that holds mnist;
# without it, all is skipped (exit status 77). Ends with 'N passed, N failed'.
set -eu

needs='mnist'
. "$(dirname -- "$0")/common.sh"

# network NEURON: the configuration file $out/NEURON.json
network() {
    {
        printf '{"network": {"format": 1, "input": [1, 28, 28], "layers": [{"name": "flatten", "type": "flatten"},'
        for i in 1 2; do
            printf '{"name": "fc%d", "type": "linear", "out": 800, "bias": 0}, {"name": "sn%d", "type": "%s"},' $i \
                $i "$1"
        done
        printf '{"name": "fc3", "type": "linear", "out": 10, "bias": 0}]}}\n'
    } >"$out/$1.json"
}

# row NAME NEURON LEAST_ACC LEAST_BWT FLAGS...
row() {
    name=$1 neuron=$2 acc=$3 bwt=$4
    shift 4
    wanted "$name" || return 0
    network "$neuron"
    if ! grep -q '^ACC' "$out/$name.txt" 2>/dev/null; then
        "$snn" continual "$out/$neuron.json" --data "idx:$SNN_DATA/mnist" --tasks 10 \
            --matrix "$out/$name.svg" "$@" >"$out/$name.txt"
    fi
    if sed -n 's/^ACC \([0-9.]*\)%  BWT \([-0-9.]*\)%$/\1 \2/p' "$out/$name.txt" |
        awk -v name="$name" -v acc="$acc" -v bwt="$bwt" '
        { printf "| %s | %.2f | %.2f | %s | %s |\n", name, $1, $2, acc, bwt; short = $1 < acc || $2 < bwt }
        END { exit short }'; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
}

mean='--trainer.loss ce --trainer.loss_on mean' # per step, bptt learns less in an epoch
hlop='--rows 80,200,100 --hebb-lr 0.001,0.01,0.01'
hlop="$hlop --more 70,70,70/70,70,70/50,50,50/50,50,50/50,50,50/30,30,30/30,30,30/30,30,30/10,10,10"
printf '| run | ACC, %% | BWT, %% | ACC wanted | BWT wanted |\n|---|---|---|---|---|\n'
# shellcheck disable=SC2086 # a list of flags
{
    row dsr-hlop dsr_lif 95.0 -1.5 --trainer dsr --steps 20 $hlop
    row ottt-hlop lif 94.8 -1.8 --trainer ottt --steps 6 $hlop
    row bptt-hlop lif 94.8 -1.8 --trainer bptt --steps 6 $mean $hlop
}
row dsr dsr_lif 0 -100 --trainer dsr --steps 20
row ottt lif 0 -100 --trainer ottt --steps 6
# shellcheck disable=SC2086
row bptt lif 0 -100 --trainer bptt --steps 6 $mean
finish
