#!/bin/sh
# tensorboard.sh SNN TINY_IDX WORK - event files: the numbers of the log, also of a run that was resumed.
set -eu
here=$(cd "$(dirname -- "$0")" && pwd)
. "$here/common.sh"
command -v python3 >/dev/null || { echo "python3, which reads the event files, is not here"; exit 77; }

# holds FOLDER LOG: the event file has what the log has
holds() {
    python3 "$here/tensorboard.py" "$1/events.out.tfevents.snn" "$2" || bad "$1 is not what $2 says"
}

train="train --data idx:data --net 64-16-10 --batch 50 --epochs 4"
run 0 $train --save a.snn --tensorboard a --validation 0.2
holds a a.csv

# ---- again into the same folder: the older epochs go
run 0 $train --epochs 2 --save a.snn --tensorboard a
holds a a.csv

# ---- resumed: the checkpoint knows the folder, no epoch is there twice, epochs after it are gone
run 0 $train --epochs 3 --save b.snn --tensorboard b --keep --optimizer.epochs 5
cp b.snn.ckpt early.ckpt
run 0 train --resume b.snn.ckpt --epochs 5
holds b b.csv
mv early.ckpt b.snn.ckpt
printf 'cut off' >>b/events.out.tfevents.snn
run 0 train --resume b.snn.ckpt --epochs 4
holds b b.csv
[ "$(wc -l <b.csv)" -eq 5 ] || bad "not four epochs in b.csv"

# ---- tasks: their epochs one after the other
run 0 continual --data idx:data --net 64-16-10 --batch 50 --epochs 2 --tasks 2 --save d.snn --tensorboard d
[ "$(wc -l <d.csv)" -eq 5 ] || bad "not two epochs of two tasks in d.csv"
there d/events.out.tfevents.snn

# ---- refused
mkdir c
echo "what I wrote" >c/events.out.tfevents.snn
refuses 1 "is no event file" $train --save c.snn --tensorboard c
refuses 1 "No such file" $train --save c.snn --tensorboard no/where
finish
