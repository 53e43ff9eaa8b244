#!/bin/sh
# arrays.sh SNN OUT [PATTERN] - arrays and series, docs/results.md: letters of Braille that a finger of 12 taxels
# reads in 76 steps, by 200 recurrent neurons; and the torques of an arm's joints, from a CSV file.
#
# SNN: the tool. OUT: where logs go; a run whose log is complete is not run again. PATTERN: run only the rows whose
# name matches it (a shell pattern). The environment: SNN_DATA, the folder that holds braille (without it, the rows of
# Braille are left out); SEEDS, a list, default 1. Ends with 'N passed, N failed'.
set -eu

needs='braille'
. "$(dirname -- "$0")/common.sh"
seeds=${SEEDS:-1}

# network TAU: 12 taxels, 200 neurons that read each other one step later, 27 classes
network() {
    cat <<EOF
{"network": {"format": 1, "input": [12], "layers": [
    {"type": "linear", "name": "in", "out": 200},
    {"type": "linear", "name": "back", "out": 200, "from": [{"layer": "neurons", "delay": 1}]},
    {"type": "add", "name": "sum", "from": ["in", "back"]},
    {"type": "lif", "name": "neurons", "tau": $1},
    {"type": "linear", "name": "out", "out": 27}]}}
EOF
}

# Swings of an arm of two joints, 40 of 200 steps of 10 ms: angles, velocities and the torques of its model.
motion() {
    awk 'function draw() { state = (state * 69069 + 1) % 4294967296; return state / 2147483648 - 1 }
    BEGIN {
        state = 1
        print "swing,q1,q2,v1,v2,torque1,torque2"
        for (n = 1; n <= 40; n++) {
            q1 = draw(); q2 = draw(); v1 = v2 = 0
            for (t = 0; t < 200; t++) {
                v1 += (8 * draw() - 4 * q1 - 0.5 * v1) * 0.01; q1 += v1 * 0.01
                v2 += (8 * draw() - 4 * q2 - 0.5 * v2) * 0.01; q2 += v2 * 0.01
                printf "%d,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f\n", n, q1, q2, v1, v2,
                    2 * sin(q1) + sin(q1 + q2) + 0.3 * v1 - 0.5 * sin(q2) * v1 * v2, sin(q1 + q2) + 0.2 * v2
            }
        }
    }'
}

# row NAME FLOOR FLAGS...: the mean of all seeds is at least the floor
row() {
    name=$1 floor=$2
    shift 2
    wanted "$name" || return 0
    all=
    for seed in $seeds; do
        log=$out/$name-$seed.txt
        grep -q '^test ' "$log" 2>/dev/null ||
            "$snn" train "$@" --optimizer adam --seed "$seed" --quiet --every 0 --save "$out/$name-$seed.snn" >"$log"
        all="$all $(sed -nE 's/^test (accuracy|R2) ([-0-9.]+).*/\2/p' "$log")"
    done
    # shellcheck disable=SC2046,SC2086 # lists of numbers
    set -- $(spread $all)
    printf '| %s |%s | %s | %s |\n' "$name" "$all" "$1" "$2"
    check "$name: mean $1 >= $floor" "$1 >= $floor"
}

printf '| run | test accuracy, %%, or R2, of each seed | mean | deviation |\n|---|---|---|---|\n'
if [ -d "$SNN_DATA/braille" ]; then
    network 3 >"$out/fast.json"
    network 20 >"$out/slow.json"
    for run in "ottt fast 80" "eprop fast 80" "bptt slow 65"; do
        # shellcheck disable=SC2086 # three words
        set -- $run
        row "braille-$1" "$3" "$out/$2.json" --data "idx:$SNN_DATA/braille" --data.series 1 --trainer "$1" --loss ce \
            --lr 0.003 --epochs 40 --batch 32
    done
fi
motion >"$out/arm.csv"
row joint-csv 0.98 --data "csv:$out/arm.csv" --data.targets torque1,torque2 --data.inputs q1,q2,v1,v2 \
    --data.share 0.8 --net 4-200-2 --trainer ottt --steps 10 --loss half_square --lr 0.005 --epochs 20 --batch 50
finish
