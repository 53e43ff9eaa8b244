#!/bin/sh
# compare.sh SNN [NET...] - samples per second of snn and of the PyTorch programs beside this script, in turn on the same machine.
#
# SNN: the tool. NET: mlp (784-800-10, batch 128) and vgg11-ws (3x32x32, batch 32), both by default; ide-400 (T = 5) and ide-64c5
# (T = 30), trained by ide alone; spide-lenet and spide-convnet-f (1x28x28, batch 128, T = 30, T_B = 100; random weights and
# images, of which our speed depends), trained by spide alone; 784-400-BN-10-BN (batch 128) and preact-resnet18 (3x32x32,
# batch 4), T = 20, trained by dsr alone. Every line is the median of several measurements; METHODS in the environment picks
# methods; ratios are taken between the best thread settings of each side. Needs python3 with PyTorch (Debian:
# python3-torch); nothing else here does. Run it on an idle machine.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
snn=$1
shift
[ $# -gt 0 ] || set -- mlp vgg11-ws
processors=$(getconf _NPROCESSORS_ONLN)
threads=1
[ "$processors" -eq 1 ] || threads="1 $processors"
python=${PYTHON:-python3}

rate() {
    sed -n 's/.*"samples_per_second": *\([0-9.]*\).*/\1/p' | tail -n 1
}

best() { # the larger of two numbers
    awk -v a="$1" -v b="$2" 'BEGIN { print (a > b ? a : b) }'
}

printf 'machine  %s, %s processors\n\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$processors"
printf '%-10s %-8s %8s %14s %14s\n' net method threads snn PyTorch
for net in "$@"; do
    methods=${METHODS:-ottt sltt bptt} steps=6
    case $net in
    ide-400) methods=ide steps=5 flags='--net ide-400 --shape 1x28x28 --dropout 0.2' repeats=5 batches=20 ;;
    ide-64c5) methods=ide steps=30 flags='--net ide-64c5 --shape 1x28x28 --dropout 0.2' repeats=3 batches=1 ;;
    mlp) flags='--net 784-800-10 --batch 128' repeats=5 batches=20 ;;
    784-400-BN-10-BN) methods=dsr steps=20 flags="--net $net --neuron dsr_if --batch 128 --loss ce" repeats=5 batches=20 ;;
    preact-resnet18) methods=dsr steps=20 flags="--net $net --shape 3x32x32 --batch 4 --loss ce" repeats=3 batches=1 ;;
    spide-*) methods=spide steps=30 flags="--net $net --shape 1x28x28 --batch 128 --loss ce" repeats=3 batches=1 ;;
    *) flags="--net $net --shape 3x32x32 --batch 32" repeats=3 batches=1 ;;
    esac
    for method in $methods; do
        ours=0 theirs=0
        program="ottt.py --method $method"
        [ "$method" = ottt ] || [ "$method" = sltt ] || program=$method.py
        for n in $threads; do
            # shellcheck disable=SC2086 # lists of flags
            a=$("$snn" bench train $flags --trainer "$method" --steps "$steps" --threads "$n" --repeats "$repeats" --json | rate)
            # shellcheck disable=SC2086
            b=$("$python" "$here"/torch/$program --net "$net" --steps "$steps" --threads "$n" --batches "$batches" --repeats "$repeats" | rate)
            printf '%-10s %-8s %8s %14.1f %14.1f\n' "$net" "$method" "$n" "$a" "$b"
            ours=$(best "$ours" "$a")
            theirs=$(best "$theirs" "$b")
        done
        awk -v n="$net" -v m="$method" -v a="$ours" -v b="$theirs" \
            'BEGIN { printf "%-10s %-8s %8s %13.1f times PyTorch\n", n, m, "best", a / b }'
    done
done
