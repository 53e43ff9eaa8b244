#!/bin/sh
# recipes.sh SNN TINY_IDX WORK PAGE PART - snn recipe: what it lists, shows, tries and runs. PAGE: docs/recipes.md,
# whose table is what the tool prints. PART: quick tries the small networks, slow all the others.
set -u
page=$4
part=$5
. "$(dirname "$0")/common.sh"

# tries NAME: it builds, trains a few batches of random samples, and says what they took
tries() {
    if ! grep -q '^  events ' commands && grep -q '"frames": {' "$(dirname "$snn")/../share/snn/recipes/$1.json"; then
        return 0 # a build without libsnn-events knows no frames
    fi
    steps=
    [ "$1" != dsr-imagenet ] || steps="--trainer.steps 4" # 50 of them take many minutes
    # shellcheck disable=SC2086 # a list of flags
    run 0 recipe "$1" --try --batch 2 $steps --json
    has out '"event":"try"' "\"recipe\":\"$1\"" '"trainer_bytes":' '"samples_per_second":' '"hours":'
    hasnt out null
}

run 0 --help
cp out commands
run 0 recipe --json
sed 's/.*"name":"\([^"]*\)".*/\1/' out >names
small='^(ide-(fashion-)?mnist|ide-fashion-mnist-lif|spide-mnist-lenet|opzo-nmnist|hlop-permuted-mnist(-.*)?)$'
if [ "$part" = slow ]; then
    for name in $(grep -vE "$small" names); do
        tries "$name"
    done
    finish
fi
for name in $(grep -E "$small" names); do
    tries "$name"
done

# ---- the table of the page is what the tool prints
run 0 recipe
sed -n '/^recipe  *paper/,/^```/p' "$page" | grep -v '^```' >table
same out table

# ---- a folder of one's own: shown as it is, run as it says
mkdir own
cat >own/tiny.json <<'RECIPE'
{ "recipe": { "paper": "OTTT", "arxiv": "2210.04195", "data": "MNIST", "shape": [1, 8, 8], "classes": 10,
              "samples": 300, "accuracy": 12.5, "source": "nowhere" },
  "network": "64-16-10", "data": { "format": "idx", "mean": [0.25], "deviation": [0.5] }, "epochs": 2, "batch": 32 }
RECIPE
run 0 recipe tiny --recipes own --show
same out own/tiny.json
SNN_RECIPES=own
export SNN_RECIPES
run 0 recipe
has out tiny OTTT MNIST '12.50%' 64-16-10
[ "$(wc -l <out)" -eq 2 ] || bad "more than one recipe in the folder"
echo '{ "recipe": 3' >own/damaged.json
run 1 recipe
has out tiny
has err 'own/damaged.json: line 2'
rm own/damaged.json
run 0 recipe tiny --data data --seed 3 --save a.snn
has out 'epoch   2/2' 'test accuracy'
run 0 recipe tiny --data=idx:data --seed 3 --save b.snn --quiet
same a.snn b.snn
run 0 train own/tiny.json --data idx:data --seed 3 --save c.snn --quiet
same a.snn c.snn
run 0 info a.snn
tr -d ' \n' <out >note
has note '"mean":[0.25]' '"deviation":[0.5]'
run 0 recipe tiny --try --steps 3
has out 'memory ' 'on random samples' '2 epochs of 300 samples' 'T = 3'
run 0 recipe tiny --try --data data --steps 3
has out 'memory ' 'on idx:data' '2 epochs of 300 samples' 'T = 3'
sed 's/"nowhere"/"nowhere", "after": "tiny"/' own/tiny.json >own/second.json
refuses 2 'second begins with the weights of tiny: run that first, and add --start MODEL' recipe second --data data
run 0 recipe second --data data --start a.snn --save f.snn --quiet
run 0 recipe second --try --steps 3
run 0 recipe --help
has out 'usage: snn recipe'

# ---- what is wrong
refuses 2 'did you mean tiny?' recipe tinny
refuses 2 'snn recipe lists all' recipe something-else
refuses 2 'train-images-idx3-ubyte' recipe tiny
refuses 1 'own: holds no MNIST, which is published as train-images-idx3-ubyte' recipe tiny --data own
refuses 2 'which recipe?' recipe --data data
refuses 2 '--save does not go with --try' recipe tiny --try --save x.snn
refuses 2 'unknown flag --epoch' recipe tiny --data data --epoch 3
refuses 1 'no such folder of recipes' recipe --recipes nowhere
echo '{ "network": "64-10" }' >own/headless.json
refuses 1 '"recipe.paper" is missing' recipe headless --show
echo '{ "recipe": {}, "netwrk": "64-10" }' >own/headless.json
refuses 1 '"recipe.paper" is missing' recipe headless --try
cat >own/odd.json <<'RECIPE'
{ "recipe": { "paper": "OTTT", "arxiv": "2210.04195", "data": "MNIST", "shape": [1, 8, 8], "classes": 10,
              "samples": 300, "accuracy": null, "source": "nowhere" }, "netwrk": "64-10" }
RECIPE
refuses 1 'unknown key "netwrk"' recipe odd --try
echo '{ "recipe": ' >own/cut.json
refuses 1 'own/cut.json: line 2' recipe cut --show
rm own/headless.json own/odd.json own/cut.json

# ---- tasks: settings of snn continual under the head
sed 's/"epochs": 2/"continual": { "tasks": 2, "rows": "6,4" }, "epochs": 1/' own/tiny.json >own/tasks.json
refuses 2 '--data does not go with --try of a sequence of tasks' recipe tasks --try --data data
run 0 recipe tasks --try
has out '1 epochs of 300 samples'
run 0 recipe tasks --data data --more 3,3 --save d.snn
has out 'task  2' 'ACC'
run 0 continual own/tasks.json --data idx:data --more 3,3 --save e.snn
same d.snn e.snn
finish
