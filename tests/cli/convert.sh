#!/bin/sh
# convert.sh SNN TINY_IDX WORK [lacks] - models become NIR graphs and models again; "lacks": in a build without
# libsnn-nir, which says so.
set -eu
. "$(dirname -- "$0")/common.sh"

if [ "${4:-}" = lacks ]; then
    refuses 1 "libhdf5-dev" convert a.nir b.snn
    refuses 1 "libhdf5-dev" info a.nir
    finish
fi
run 0 train --data idx:data --net 64-32-10 --epochs 2 --batch 50 --quiet --save a.snn
run 0 convert a.snn a.nir --dt 1e-3 --check idx:data --steps 6
has out "drift over 10 samples of 6 steps" "potential"
[ "$(awk 'END { print $NF }' out)" = 0 ] || bad "the network of the file has other spikes"
run 0 info a.nir
has out "6 nodes, 5 edges" "dt 0.001 s" "reset subtract" "Flatten" "LIF"
run 0 info a.nir --json
has out '"event":"info"' '"type":"LIF"'
run 0 convert a.nir b.snn --check random:0.3 --samples 2
has out "reset by subtraction"
run 0 convert b.snn b.nir --uncompressed
run 0 info b.nir
has out "dt 0.001 s"
run 0 eval b.snn --data idx:data --steps 6 --quiet

# steps of a time series
run 0 train --data idx:data --data.series 1 --net 8-16-10 --epochs 1 --batch 50 --quiet --save s.snn
run 0 convert s.snn s.nir --check idx:data --series --steps 8
has out "drift over 10 samples of 8 steps"
refuses 1 "a network of 8 inputs; of a time series, --series" convert s.snn s.nir --check idx:data --steps 8

refuses 2 "two files are needed" convert a.nir
refuses 2 "has to be a NIR file" convert a.snn b.snn
refuses 2 '--dt: "soon" is not a number from' convert a.nir b.snn --dt soon
refuses 1 'reset "soft"; it is one of file|value|zero|subtract' convert a.nir b.snn --reset soft
refuses 2 "neither FORMAT:DIR nor random:P" convert a.nir b.snn --check data
echo no graph >c.nir
refuses 1 "not an HDF5 file" info c.nir
refuses 1 "No such file" info d.nir
finish
