#!/bin/sh
# tool.sh SNN MAKE_IMAGES - training on images on disk, from folders and from shards, by the tool.
set -eu
snn=$1 make=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$make" . 60 2 > out
quick="--net 8C3-GAP-FC --images.size 16 --epochs 2 --batch 10 --steps 2 --images.hue 0.1 --data.flip 1 --quiet"

# what WORDS...: the words stand in the output.
shows() {
    for word; do
        grep -q -- "$word" out || { cat out; echo "the output lacks \"$word\""; exit 1; }
    done
}

refuses() {
    status=$1 words=$2
    shift 2
    rc=0
    "$snn" "$@" > out 2> err || rc=$?
    [ "$rc" -eq "$status" ] && grep -q -- "$words" err || { cat out err; echo "snn $*: $rc"; exit 1; }
}

"$snn" info --data images:folders --images.size 16 > out
shows 'train: 59 samples, \[3,16,16\]' 'test: 1 samples' 'class3'
"$snn" info --data shards:shards --images.size 16 --data.cache cache > out
shows 'train: 59 samples' 'test: 1 samples'
ls cache/*.images > out
[ "$(wc -l < out)" -eq 2 ] || { cat out; echo "not an index for each split"; exit 1; }

# The normalisation and the size travel in the model.
# shellcheck disable=SC2086 # a list of flags
"$snn" train --data images:folders $quick --threads 1 --save one.snn > out
# shellcheck disable=SC2086
"$snn" train --data images:folders $quick --threads 2 --save two.snn > out
cmp one.snn two.snn
"$snn" info one.snn > out
"$snn" eval one.snn --data images:folders > out
"$snn" eval one.snn --data shards:shards > out
if "$snn" convert one.snn one.nir --check images:folders --steps 2 > out 2> err; then
    shows 'drift over 1 samples of 2 steps'
else
    grep -q "libhdf5-dev" err || { cat err; exit 1; }
fi
# The model knows its classes: where data have none it names them, where they have others it says so.
mkdir -p other/train/1 other/val/1
cp folders/val/*/*.jpg other/train/1
cp folders/val/*/*.jpg other/val/1
"$snn" predict one.snn --data images:other > out
shows ',class'
refuses 1 'other: class 0 is "1", and the model was trained with "class0" there' eval one.snn --data images:other
# shellcheck disable=SC2086
"$snn" train --data images:folders $quick --keep --save kept.snn > out
refuses 1 'class 0 is "1"' train --resume kept.snn.ckpt --epochs 3 --data images:other
refuses 2 "data.cache is for recordings and shards" train --data idx:. --cache cache
refuses 1 "cache is for shards" train --data images:folders --cache cache
refuses 1 "less than size" train --data images:folders --images.size 16 --images.resize 8
# A test image that cannot be read costs no epoch that was trained.
test=$(find folders/val -name '*.jpg')
mv "$test" whole
head -c 300 whole > "$test"
# shellcheck disable=SC2086
refuses 1 "epoch 1 is trained, and not judged" train --data images:folders $quick --every 0 --save three.snn
mv whole "$test"
"$snn" train --resume three.snn.ckpt --quiet > out
cmp one.snn three.snn
head -c 300 folders/train/class1/00000001.jpg > cut
mv cut folders/train/class1/00000001.jpg
# shellcheck disable=SC2086
"$snn" train --data images:folders $quick --epochs 1 --trainer.skip_unreadable 1 --keep --save four.snn > out 2>&1
refuses 1 "four.snn.ckpt holds epoch 1; to go on there: snn train --resume four.snn.ckpt" train \
    --resume four.snn.ckpt --epochs 2 --trainer.skip_unreadable 0
# shellcheck disable=SC2086
refuses 1 "class1/00000001.jpg: the JPEG cannot be decoded" train --data images:folders $quick --save three.snn
# shellcheck disable=SC2086
"$snn" train --data images:folders $quick --trainer.skip_unreadable 1 --save three.snn > out 2>&1
