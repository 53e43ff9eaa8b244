#!/bin/sh
# spikes.sh SNN OUT [PATTERN] - a recurrent network on spikes of 700 units, synthetic patterns in the layout of SHD.
#
# SNN: the tool. OUT: where models and logs go. PATTERN: run only the methods whose name matches it (a shell pattern).
# The environment: SNN_DATA, the folder that holds shd-layout-synthetic (without it, all is skipped, exit status 77).
# Ends with 'N passed, N failed'.
set -eu

needs='shd-layout-synthetic'
. "$(dirname -- "$0")/common.sh"
[ -d "$SNN_DATA/$needs" ] || { echo "skipped: $SNN_DATA/$needs is absent"; exit 77; }
for part in train test; do
    ln -sf "$(cd "$SNN_DATA/$needs" && pwd)/synthetic_$part.h5" "$out/shd_$part.h5"
done
cat > "$out/recurrent.json" <<'END'
{"network": {"format": 1, "input": [700], "layers": [
    {"name": "in", "type": "linear", "out": 128},
    {"name": "back", "type": "linear", "out": 128, "from": [{"layer": "spikes", "delay": 1}]},
    {"name": "current", "type": "add", "from": ["in", "back"]},
    {"name": "spikes", "type": "lif", "tau": 5},
    {"name": "out", "type": "linear", "out": 20}]}}
END

# row METHOD LEAST: three seeds side by side; LEAST is the promised mean, in per cent
row() {
    wanted "$1" || return 0
    for seed in 1 2 3; do
        "$snn" train "$out/recurrent.json" --data "shd:$out" --frames.cut bins --frames.dt 20000 --steps 50 \
            --normalise none --trainer "$1" --loss ce --optimizer adam --lr 0.0005 --batch 32 --epochs 20 \
            --seed $seed --threads 1 --every 0 --quiet --save "$out/$1-$seed.snn" >"$out/$1-$seed.txt" &
    done
    wait
    all="$(accuracy "$1-1") $(accuracy "$1-2") $(accuracy "$1-3")"
    # shellcheck disable=SC2086 # a list of numbers
    mean=$(spread $all | cut -d ' ' -f 1)
    printf '| %s | %s | %.2f |\n' "$1" "$all" "$mean"
    check "$1: $2" "$mean >= $2"
}

row ottt 98
row bptt 98
row eprop 98
finish
