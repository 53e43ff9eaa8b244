#!/bin/sh
# tool.sh SNN MAKE_EVENTS - snn events, over recordings of every format that is written here.
set -eu
snn=$1 make=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$make" "$work" 500
for file in "$work"/*; do
    format=$(basename "$file" | sed 's/-.*//')
    named=
    [ "$format" != nmnist ] || named="--format nmnist"
    # shellcheck disable=SC2086  # two words, or none
    "$snn" events "$file" $named --strict --json > "$work/out" || { echo "$file cannot be read"; exit 1; }
    grep -q "\"format\":\"$format\"" "$work/out" || { cat "$work/out"; echo "$file is not of $format"; exit 1; }
    case $format in
    hdf5) events=501 ;; # of two samples
    *) events=500 ;;
    esac
    grep -q "\"events\":$events," "$work/out" || { cat "$work/out"; echo "$file holds $events events"; exit 1; }
    rm "$work/out"
done

# From a pipe; a part of a file; what is wrong.
"$snn" events - < "$work/dat" > "$work/out" || { echo "standard input cannot be read"; exit 1; }
grep -q '^events      500$' "$work/out" || { cat "$work/out"; exit 1; }
head -c 1000 "$work/dat" > "$work/part"
"$snn" events "$work/part" > "$work/out" 2> "$work/log" || { cat "$work/log"; exit 1; }
grep -q 'warning: .* is truncated' "$work/log" || { cat "$work/log"; echo "no word of what is cut off"; exit 1; }
if "$snn" events "$work/part" --strict > "$work/out" 2> "$work/log"; then
    echo "--strict reads a file that is cut off"
    exit 1
fi
[ "$(wc -l < "$work/log")" -eq 1 ] || { cat "$work/log"; echo "more than one line"; exit 1; }
grep -q 'SNN_ERR_FORMAT: .* is truncated' "$work/log" || { cat "$work/log"; exit 1; }
rc=0
"$snn" events 2> "$work/log" || rc=$?
[ "$rc" -eq 2 ] || { echo "no file, and status $rc"; exit 1; }
rc=0
"$snn" events "$work/absent" 2> "$work/log" || rc=$?
[ "$rc" -eq 1 ] && grep -q 'SNN_ERR_IO: .*absent' "$work/log" || { cat "$work/log"; exit 1; }

"$snn" events "$work/dat" --speed --repeats 1 > "$work/out" || { cat "$work/out"; exit 1; }
grep -q '^decoding .* events/s$' "$work/out" || { cat "$work/out"; exit 1; }
mkdir -p "$work/fast"
cp "$work/dat" "$work/es-dvs" "$work/fast"
"$snn" events "$work/fast" --speed --repeats 1 > "$work/out" || { cat "$work/out"; exit 1; }
[ "$(wc -l < "$work/out")" -eq 3 ] && grep -q '^dat  *dat  *[0-9.]* [kMG]' "$work/out" &&
    grep -q '^es-dvs  *es ' "$work/out" || { cat "$work/out"; exit 1; }

# A data set: twelve recordings of one class, one of another.
mkdir -p "$work/set/one" "$work/set/two"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do cp "$work/dat" "$work/set/one/$i"; done
cp "$work/es-dvs" "$work/set/two/1"
"$snn" events "$work/set" --layout folders > "$work/out" || { echo "a data set cannot be listed"; exit 1; }
grep -q '^train  *12 .*500 / 500 / 500' "$work/out" && grep -q '^ *0 *11 *1  one$' "$work/out" ||
    { cat "$work/out"; exit 1; }
"$snn" events "$work/set" --layout folders --json > "$work/out"
[ "$(wc -l < "$work/out")" -eq 4 ] && grep -q '"split":"test","recordings":1,"classes":2' "$work/out" &&
    grep -q '"class":1,"name":"two","train":1,"test":0' "$work/out" || { cat "$work/out"; exit 1; }
# A split drawn from a seed is of all recordings, if the data set has none of its own.
for class in dog ship; do
    mkdir -p "$work/drawn/$class"
    for i in 1 2 3 4 5 6 7 8 9 10; do cp "$work/aedat2-dvs128" "$work/drawn/$class/$i.aedat"; done
done
"$snn" train --data "cifar10-dvs:$work/drawn" --data.share 0.7 --net GAP-FC --steps 2 --epochs 1 --threads 1 \
    --save "$work/model.snn" > "$work/out" 2>&1 && grep -q ': 14 training, 6 test samples' "$work/out" ||
    { cat "$work/out"; exit 1; }
rc=0
"$snn" events "$work/set" --layout nmnist > "$work/out" 2> "$work/log" || rc=$?
[ "$rc" -eq 1 ] && grep -q 'holds no CLASS/NAME.bin' "$work/log" || { cat "$work/log"; exit 1; }
echo "recordings of all formats, and data sets of them, are described"
