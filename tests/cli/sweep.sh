#!/bin/sh
# sweep.sh SNN TINY_IDX WORK - sweeps: every run, tables, killed, interrupted and resumed, failed runs.
set -eu
. "$(dirname -- "$0")/common.sh"

train="--data idx:data --net 64-100-10 --batch 25 --epochs 5"
lists="--seed 1,2,3 --optimizer.lr 0.02,0.05,0.1"

# compares FOLDER: its models and tables are those of whole
compares() {
    for run in whole/*/; do
        same "whole/$(basename "$run")/model.snn" "$1/$(basename "$run")/model.snn"
        [ ! -e "$1/$(basename "$run")/model.snn.ckpt" ] || bad "$1 keeps a checkpoint of $(basename "$run")"
    done
    same whole/table.csv "$1/table.csv"
    same whole/table.json "$1/table.json"
}

# ---- nine runs, each as snn train alone makes it
run 0 sweep $train $lists -j 2 --save whole
has out "9 of 9 complete" "optimizer.lr  runs" "0.05 " "best"
[ "$(ls -d whole/*/ | wc -l)" -eq 9 ] || bad "not nine folders in whole"
run 0 train $train --seed 2 --lr 0.05 --quiet --save alone.snn
same alone.snn "whole/seed=2,optimizer.lr=0.05/model.snn"
there "whole/seed=2,optimizer.lr=0.05/model.csv" whole/table.json
[ "$(wc -l <whole/table.csv)" -eq 4 ] || bad "table.csv has $(wc -l <whole/table.csv) lines"

# mean and deviation of the accuracies and losses that the models hold
if command -v python3 >/dev/null; then
    python3 - <<'EOP' || bad "the table is not that of the runs"
import csv, json, math
all = json.load(open("whole/table.json"))
for row in csv.DictReader(open("whole/table.csv")):
    of = [r["figures"] for r in all["runs"] if r["settings"]["optimizer.lr"] == float(row["optimizer.lr"])]
    assert len(of) == int(row["runs"]) == 3
    for name in ("accuracy", "loss", "firing_rate"):
        mean = sum(f[name] for f in of) / 3
        deviation = math.sqrt(sum((f[name] - mean) ** 2 for f in of) / 2)
        assert abs(mean - float(row[name + "_mean"])) < 1e-7 * abs(mean)
        assert abs(deviation - float(row[name + "_deviation"])) < 1e-6 * mean, (deviation, row)
EOP
fi

# ---- runs side by side: what differs, and the best of each figure, which is that of the models
cp alone.snn before.snn
cp alone.csv before.csv
run 1 compare alone.snn --csv alone.snn
run 1 compare alone.snn --csv alone.csv
has err "is the log of a run"
same alone.snn before.snn
same alone.csv before.csv
run 0 compare whole --csv compared.csv
[ "$(wc -l <out)" -eq 10 ] || bad "compare prints $(wc -l <out) lines for nine runs"
head -n 1 out | grep -q '^run  *optimizer.lr  seed  test accuracy  test loss' || bad "compare has another heading"
hasnt out batch
least=$(tail -n +2 compared.csv | sed 's/^"[^"]*",//' | sort -t, -k4 -g | head -n 1) # rate, seed, accuracy, loss
grep 'best' out | grep -q "seed=$(echo "$least" | cut -d, -f2),optimizer.lr=$(echo "$least" | cut -d, -f1) " ||
    bad "the least loss, of $least, is not marked"
[ "$(grep -c "$(echo "$least" | cut -d, -f4 | cut -c1-5)[0-9]* best" out)" -ge 1 ] || bad "no loss is marked best"
run 0 compare alone.snn whole/seed=1*/model.csv
[ "$(wc -l <out)" -eq 5 ] || bad "compare of a model and logs prints $(wc -l <out) lines"
run 0 compare alone.snn alone.snn --json
[ "$(grep -c '"settings":{},' out)" -eq 2 ] || bad "a run differs from itself"
refuses 2 "no run given" compare
refuses 1 "no such file" compare absent.snn

# ---- complete runs are not trained again; one more value trains what it adds
touch -d '2001-01-01' whole/*/model.snn
run 0 sweep --save whole
hasnt out "complete:"
cp -r whole more
run 0 sweep $train --seed 1,2,3 --optimizer.lr 0.02,0.05,0.1,0.2 --save more --json
[ "$(grep -c '"event":"run"' out)" -eq 3 ] || bad "one more value did not train three runs"

# ---- killed, with its runs, when about half is complete: what goes on ends as if nothing had happened
setsid "$snn" sweep $train $lists -j 2 --save cut >cut.out 2>&1 & # a group of their own
child=$!
halfway() {
    [ -s cut.out ] && [ "$(wc -l <cut.out)" -ge 4 ]
}
await halfway
kill -KILL -$child || bad "the sweep had ended before it was killed"
wait $child 2>/dev/null || true
ls cut/*/model.snn | wc -l >complete
[ "$(cat complete)" -lt 9 ] || bad "no run was left when the sweep was killed"
run 0 sweep --save cut -j 2
compares cut

# ---- interrupted: checkpoints, and the same end
rm -r cut
"$snn" sweep $train $lists --epochs 5 -j 2 --save cut >cut.out 2>cut.err &
child=$!
begun() {
    [ -s cut/seed=1,optimizer.lr=0.02/model.csv ]
}
await begun
kill -TERM $child
status=0
wait $child || status=$?
[ $status -eq 130 ] || bad "an interrupted sweep exits with $status"
has cut.err "interrupted by SIGTERM" "to continue: snn sweep --save cut"
run 0 sweep --save cut -j 3
compares cut

# ---- a run that fails is said, and left out
run 1 sweep $train --trainer sltt,nonsense --steps 2,3 --save failed
has err "trainer.method=nonsense,trainer.steps=2 failed" nonsense
has out "2 of 4 complete" "sltt"
[ "$(grep -c ',1,' failed/table.csv)" -eq 2 ] || bad "a failed run counts"

# ---- lists within settings stay what they are
run 0 sweep --data idx:data --net 64-10,64-16-10 --mean 0.5 --deviation 0.25 --epochs 1 --quiet --save nets
has nets/table.csv "64-10,1" "64-16-10,1"

# ---- with a validation, which its best is of
run 0 sweep $train --epochs 2 --validation 0.3 --keep-best --seed 1,2 --save validated
has out validation
loss=$(sed -n 2p validated/seed=1/model.csv | cut -d, -f15) # of the first epoch, the best: no other has more answers
has validated/table.json "\"validation_loss\": $loss"

# ---- a recipe
mkdir recipes
sed 's/^ *//' >recipes/tiny.json <<'EOJ'
{ "recipe": { "paper": "-", "arxiv": "-", "data": "tiny", "shape": [1, 8, 8], "classes": 10, "samples": 200,
              "accuracy": null, "source": "-" },
  "network": "64-16-10", "data": { "format": "idx" }, "trainer": { "method": "sltt", "steps": 2 }, "epochs": 1 }
EOJ
SNN_RECIPES=$PWD/recipes run 0 sweep tiny --data data --seed 4,5 --save recipe
has out "2 of 2 complete" "runs"

# ---- refused
refuses 2 'sweep: -j: "0" is not a whole number from 1 to 1024' sweep $train --seed 1,2 --save none -j 0
refuses 2 "--save FOLDER" sweep $train --seed 1,2
refuses 2 "holds no sweep" sweep --save nowhere
[ ! -e nowhere ] || bad "a folder was made for nothing"
refuses 2 "with other settings" sweep $train --epochs 6 --seed 1,2,3 --optimizer.lr 0.1 --save whole
refuses 2 "is not a whole number" sweep $train --seed 1,x --save other
refuses 2 "given twice" sweep $train --seed 1,1 --save other
refuses 2 "unknown flag --sed" sweep $train --sed 1,2 --save other
finish
