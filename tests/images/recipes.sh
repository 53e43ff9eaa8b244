#!/bin/sh
# recipes.sh SNN MAKE_IMAGES PART - the recipes of ImageNet on JPEGs in its layout, train/CLASS/NAME.jpg and
# val/CLASS/NAME.jpg. PART: quick takes two recipes and small images, slow all of them and the size of the papers.
set -eu
snn=$1 make=$2 part=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$make" . 60 1 > out
few="--batch 2 --threads 2 --trainer.steps 2"

fails() {
    cat out err
    echo "$1"
    exit 1
}

# shows WORDS...: the words stand in the output.
shows() {
    for word; do
        grep -q -- "$word" out || fails "the output lacks \"$word\""
    done
}

# tries RECIPE [FLAGS]: a few batches of the files; bytes and hours of the whole run
tries() {
    name=$1
    shift
    # shellcheck disable=SC2086 # a list of flags
    "$snn" recipe "$name" --try --data folders $few --json "$@" > out 2> err || fails "$name --try: $?"
    shows "\"recipe\":\"$name\"" '"data":"images:folders"' '"trainer_bytes":[1-9]' '"hours":[1-9]'
    ! grep -q null out || fails "$name: null"
}

# trains RECIPE [FLAGS]: from the files to a model
trains() {
    name=$1
    shift
    # shellcheck disable=SC2086
    "$snn" recipe "$name" --data folders --data.limit 4 --data.test_limit 1 --epochs 1 $few --save "$name.snn" "$@" \
        > out 2> err || fails "$name: $?"
    shows 'data  *images:folders: 4 training, 1 test samples' 'for training' 'test accuracy'
    "$snn" eval "$name.snn" --data images:folders --data.test_limit 1 > out 2> err || fails "eval $name.snn: $?"
}

refuses() {
    status=$1 words=$2
    shift 2
    rc=0
    "$snn" "$@" > out 2> err || rc=$?
    [ "$rc" -eq "$status" ] || fails "snn $*: $rc"
    grep -q -- "$words" err || fails "snn $*: not \"$words\""
}

"$snn" recipe --json > list
grep '"data":"ImageNet"' list | sed 's/.*"name":"\([^"]*\)".*/\1/' > names
[ "$(wc -l < names)" -ge 9 ] || fails "only $(wc -l < names) recipes of ImageNet"
if [ "$part" = slow ]; then
    while read -r name; do
        tries "$name"
        trains "$name" --images.size 64
    done < names
    exit
fi
tries ottt-imagenet --images.size 32
trains sei-imagenet-resnet18 --images.size 32
"$snn" recipe dsr-imagenet --try --data folders --images.size 32 --batch 2 --trainer.steps 2 > out 2> err
shows '3x32x32 -> 1000' 'for training' 'samples/s in training, on images:folders' '90 epochs of 1,281,167 samples: '
refuses 1 ': holds no ImageNet, which is published as train/CLASS' recipe ottt-imagenet --try --data "$work"
head -c 300 folders/train/class1/00000001.jpg > short
mv short folders/train/class1/00000001.jpg
refuses 1 'class1/00000001.jpg: the JPEG cannot be decoded' recipe sei-imagenet-resnet18 --try --data folders \
    --images.size 32 --data.limit 20 --batch 20 --trainer.steps 1
