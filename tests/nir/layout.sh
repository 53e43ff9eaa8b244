#!/bin/sh
# layout.sh SNN TINY_IDX WORK PYTHON - writes NIR files of trained networks, plain and compressed, for layout.py.
set -eu
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../cli/common.sh"
python=$4

for net in 64-16-10 4C3-AP2-FC; do
    for neuron in lif cuba; do
        run 0 train --data idx:data --net $net --neuron $neuron --steps 2 --epochs 1 --data.limit 100 --quiet \
            --save "$net-$neuron.snn"
        run 0 convert "$net-$neuron.snn" "$net-$neuron.nir" --dt 1e-3
    done
done
run 0 convert 64-16-10-lif.snn plain.nir --uncompressed
[ "$failures" -eq 0 ] || finish
exec "$python" "$here/layout.py" ./*.nir
