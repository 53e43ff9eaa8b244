#!/bin/sh
# files.sh SNN TINY_IDX WORK - the files that a run writes: checked before it begins, none of somebody else's is lost.
set -eu
. "$(dirname -- "$0")/common.sh"

quick="train --data idx:data --net 64-8-10 --epochs 2"

# fails_early TEXT ARGUMENTS...: refused with status 1 before any epoch; nothing is trained or written.
fails_early() {
    text=$1
    shift
    run 1 "$@"
    has err "$text"
    hasnt out "epoch "
}

# ---- places that cannot be written
mkdir folder
fails_early "model folder: is a directory" $quick --save folder
fails_early "log folder: is a directory" $quick --save m.snn --csv folder
fails_early "--curves folder: is a directory" $quick --save m.snn --curves folder
fails_early "--raster folder: is a directory" $quick --save m.snn --raster folder
fails_early "--packed folder: is a directory" $quick --save m.snn --packed folder
mkdir m.snn.ckpt
fails_early "checkpoint m.snn.ckpt: is a directory" $quick --save m.snn
rmdir m.snn.ckpt
fails_early "model /dev/null: is a device" $quick --save /dev/null --csv log.csv
fails_early "no/c.svg: No such file" $quick --save m.snn --curves no/c.svg
fails_early "same file" $quick --save m.snn --csv m.snn
fails_early "same file" $quick --save m.snn --csv ./m.snn.ckpt
ln -s m.snn other.snn
fails_early "same file" $quick --save m.snn --packed other.snn
fails_early "model folder: is a directory" continual --data idx:data --net 64-8-10 --save folder
fails_early "--matrix folder: is a directory" continual --data idx:data --net 64-8-10 --matrix folder
ln -s nothing.svg dangling.svg
fails_early "same file" $quick --save m.snn --curves dangling.svg --raster nothing.svg
fails_early "model : No such file" $quick --save ""
# the check touches no folder: a run that is killed while it looks leaves nothing
mkdir untouched
touch -t 200101010000 untouched before
fails_early "--raster folder: is a directory" $quick --save untouched/m.snn --curves untouched/c.svg --raster folder
[ ! untouched -nt before ] || bad "the check of the files that are written has written in their folder"
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 500 locked
    fails_early "locked/m.snn: Permission denied" $quick --save locked/m.snn
    echo old >mine.snn
    chmod 400 mine.snn
    fails_early "mine.snn: Permission denied" $quick --save mine.snn
else
    echo "as root everything may be written: rights are not tested"
fi
[ ! -e m.snn ] && [ ! -e m.csv ] && [ ! -e log.csv ] || bad "a run that was refused left files"

# ---- a log takes no name of a file that is something else, be it through a link
echo important >notes.csv
ln -s notes.csv linked.csv
fails_early "notes.csv: exists and is not a log" $quick --save notes.snn
fails_early "linked.csv: exists and is not a log" $quick --save linked.snn
fails_early "notes.csv: exists and is not a log" $quick --save m.snn --csv notes.csv
[ "$(cat notes.csv)" = important ] || bad "notes.csv was written"
: >empty.csv
run 0 $quick --save m.snn --csv empty.csv
[ "$(wc -l <empty.csv)" -eq 3 ] || bad "empty.csv does not have 3 lines"
run 0 $quick --epochs 1 --save m.snn --csv empty.csv
[ "$(wc -l <empty.csv)" -eq 2 ] || bad "the log of a new run does not replace an old log"
run 0 $quick --save m.snn --csv /dev/null
[ -c /dev/null ] || bad "/dev/null was replaced"

# ---- the default name replaces nothing
run 0 $quick --quiet
cp model.snn before
refuses 2 "model.snn: exists already: --save FILE" $quick --seed 7
same model.snn before
mv model.snn moved.snn
refuses 2 "model.csv: exists already" $quick
run 0 $quick --csv /dev/null
mv model.snn moved.snn
run 0 $quick --seed 7 --save model.snn
if cmp -s model.snn before; then bad "--save model.snn does not replace it"; fi

# ---- what a checkpoint remembers: the files in its folder
mkdir run elsewhere
run 0 $quick --keep --every 5 --save run/m.snn --csv run/log.csv --curves run/c.svg --raster run/r.svg --sample 3 \
    --packed run/p.snn
rm run/c.svg run/r.svg run/p.snn run/m.snn
run 0 train --resume run/m.snn.ckpt --epochs 4
there run/m.snn run/log.csv run/c.svg run/r.svg run/p.snn run/m.snn.ckpt
has run/r.svg "test sample 3"
[ "$(cut -d, -f1 run/log.csv | tr '\n' ' ')" = "epoch 1 2 3 4 " ] || bad "run/log.csv does not go on"
(cd elsewhere && "$snn" train --resume ../run/m.snn.ckpt --data idx:../data --epochs 5 --quiet >/dev/null) ||
    bad "no resume from elsewhere"
[ "$(cut -d, -f1 run/log.csv | tr '\n' ' ')" = "epoch 1 2 3 4 5 " ] || bad "run/log.csv does not go on from elsewhere"
run 0 info run/m.snn
hasnt run/m.snn tool.files

# ---- what a data set holds, and a part of it, which a model remembers
run 0 info --data idx:data
has out "train: " "test: " "[1,8,8]" "deviation"
run 0 train --data idx:data --data.classes 3,0 --data.share 0.5 --data.test_limit 20 --net 64-8-2 --epochs 1 --quiet \
    --save run/p.snn
run 0 eval run/p.snn --data idx:data --json
has out '"samples":20'
refuses 1 "class 11; there are 10" info --data idx:data --data.classes 11
refuses 2 "0.5 is no class" info --data idx:data --data.classes 0.5
printf 'a,b,y\n1,2,3\n4,5,6\n' >run/s.csv
run 0 info --data csv:run/s.csv --data.targets y
has out "train: 2 samples, [2]"
hasnt out "test: "
run 0 info --data csv:run/s.csv --data.targets y --data.share 0.5
has out "test: 1 samples, [2]"
refuses 1 "no column is named \"z\"" info --data csv:run/s.csv --data.targets z
run 0 $quick --keep --save run/n.snn --csv elsewhere/log.csv
refuses 2 "elsewhere/log.csv, which is not in its folder: give the flag again" train --resume run/n.snn.ckpt
run 0 train --resume run/n.snn.ckpt --csv elsewhere/log.csv --epochs 3
[ "$(cut -d, -f1 elsewhere/log.csv | tr '\n' ' ')" = "epoch 1 2 3 " ] || bad "elsewhere/log.csv does not go on"
# the network is the checkpoint's, whatever a file says
echo '{"network": "64-8-10", "epochs": 4}' >same.json
run 0 train same.json --resume run/n.snn.ckpt --csv elsewhere/log.csv
echo '{"neuron": {"threshold": 0.5}}' >other.json
refuses 2 "\"neuron\" does not go with --resume" train other.json --resume run/n.snn.ckpt --csv elsewhere/log.csv
# a log with other columns, as of another version, keeps what it has
sed 's/,backward_rate//' elsewhere/log.csv >other.csv
cp other.csv before
refuses 1 "its columns are not those of this version" train --resume run/n.snn.ckpt --csv other.csv --epochs 5
same other.csv before
# a link that leads out of the folder is such a place, too
run 0 $quick --keep --save run/o.snn --curves run/o.svg
rm run/o.svg
echo important >elsewhere/notes
ln -s ../elsewhere/notes run/o.svg
refuses 2 "run/o.snn.ckpt: has --curves o.svg, which is not in its folder" train --resume run/o.snn.ckpt --epochs 3
[ "$(cat elsewhere/notes)" = important ] || bad "elsewhere/notes was written"

# ---- a drawing that cannot be written whole leaves the old one; modes and links stay
raster="train --data idx:data --net 64-8-10 --epochs 1 --steps 30 --every 0 --save drawn.snn --raster"
run 0 $raster drawn.svg
chmod 640 drawn.svg
ln -s drawn.svg link.svg
cp drawn.svg before
if (ulimit -f 16 && "$snn" $raster link.svg >out 2>err); then bad \
    "a drawing beyond the limit of file sizes was no failure"; fi
has err "cannot write \"link.svg\": File too large"
same drawn.svg before
run 0 $raster link.svg --steps 31
[ -L link.svg ] && [ "$(ls -l drawn.svg | cut -c1-10)" = "-rw-r-----" ] ||
    bad "link.svg is no link, or drawn.svg has another mode"
if cmp -s drawn.svg before; then bad "drawn.svg was not drawn anew"; fi
[ -z "$(ls | grep tmp)" ] || bad "a temporary file stayed"

# ---- an output that the caller has closed is no file of the run
"$snn" $quick --save shut.snn >&- 2>err && bad "a closed standard output is no failure"
has err "standard output: could not be written"
if [ -c /dev/full ]; then
    "$snn" $quick --json --save full.snn >/dev/full 2>err && bad "a full disk behind standard output is no failure"
    has err "standard output: could not be written: No space left on device"
fi
"$snn" $quick --save mute.snn --lr 0.2 >out 2>&- <&-
for log in shut.csv mute.csv; do
    [ "$(grep -c '^[12e]' "$log")" -eq 3 ] && [ "$(wc -l <"$log")" -eq 3 ] || bad "$log holds what was printed"
done

# ---- a checkpoint that is of another run
run 0 $quick --keep --save old.snn
cp old.snn.ckpt before
run 0 $quick --every 0 --save old.snn
has err "old.snn.ckpt: holds a run that is not complete"
same old.snn.ckpt before

# ---- an epoch that diverges is in the log, and said with its reason
run 1 $quick --lr 1e30 --save d.snn
has err "SNN_ERR_DIVERGED: epoch 1: " "no parameter changed" "a smaller --lr"
[ "$(wc -l <d.csv)" -eq 2 ] && grep -q '^1,inf,' d.csv || bad "d.csv does not have the epoch that diverged"
run 0 $quick --keep --save d.snn
run 1 train --resume d.snn.ckpt --epochs 3 --lr 1e30
has err "epoch 3: " "d.snn.ckpt holds epoch 2: resume it with a smaller --lr"
[ "$(cut -d, -f1,2 d.csv | tail -n 1)" = "3,inf" ] || bad "d.csv does not have the epoch that diverged"
run 0 train --resume d.snn.ckpt --epochs 3 --lr 0.01 --json
[ "$(cut -d, -f1 d.csv | tr '\n' ' ')" = "epoch 1 2 3 " ] || bad "d.csv keeps the epoch that diverged"
hasnt d.csv inf

finish
