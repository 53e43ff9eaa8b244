#!/bin/sh
# wrong.sh SNN TINY_IDX WORK - wrong use is refused with a message that says what is wrong: 2 for the command line, 1
# for the rest.
set -eu
. "$(dirname -- "$0")/common.sh"

# ---- the command line
run 2
refuses 2 'unknown command "trian"; did you mean train?' trian
refuses 2 "unknown flag --epoch; did you mean --epochs?" train --epoch 3
refuses 2 "unknown flag --trainer.stepz; did you mean --trainer.steps?" train --trainer.stepz 3
refuses 2 "did you mean --neuron.tau?" train --neuron.taw 3
refuses 2 "did you mean --lr?" train --learning_rate 3
refuses 2 "did you mean --optimizer.lr?" train --optimizer.learning_rate 3
refuses 2 "unknown flag --mixup; did you mean --trainer.mixup?" train --mixup 0.2
refuses 2 "unknown flag --skip-unreadable; did you mean --trainer.skip_unreadable?" train --skip-unreadable 1
refuses 2 "unknown flag --mixup" info --mixup 0.2
refuses 2 "drawings are SVG" train --data idx:data --curves c.png
refuses 2 "drawings are SVG" train --data idx:data --raster r.pdf
refuses 2 "drawings are SVG" continual --data idx:data --matrix m.png
refuses 2 "unknown flag -e" train -e
refuses 2 "--epochs needs a value" train --epochs
refuses 2 '--epochs: "many" is not a whole number' train --epochs many
refuses 2 '--lr: "fast" is not a number' train --lr fast
refuses 2 "--json takes no value" train --json=1
refuses 2 "an unexpected argument" train a.json b.json
refuses 2 "is not FORMAT:DIR" train --data data
refuses 2 "no model given" eval
refuses 2 "--neuron.NAME goes with training" eval no.snn --neuron.tau 3
refuses 2 "--optimizer.NAME goes with training" eval no.snn --optimizer.lr 3
refuses 2 "no model given" info
refuses 2 "no measurement given" bench
refuses 2 '--shape: "8by8"' bench train --shape 8by8
refuses 2 '--density: "x" is not a number from 0 to 100' bench stream --density 5,x
refuses 2 '--repeats: "0"' bench train --repeats 0
refuses 2 '--tasks: "0"' continual --tasks 0
refuses 2 "go with --rows" continual --data idx:data --net 64-8-10 --more 3,3
refuses 2 "go with --rows" continual --data idx:data --net 64-8-10 --projection.lr 0.1
refuses 1 "projection.momentum" continual --data idx:data --net 64-8-10 --rows 3,3 --projection.momentum 2
refuses 2 "only snn continual projects" train --data idx:data --net 64-8-10 --projection.lr 0.1
refuses 2 "--rows: 1 numbers" continual --data idx:data --net 64-8-10 --rows 3
refuses 2 '--rows: "x"' continual --data idx:data --net 64-8-10 --rows x,3
refuses 1 "SNN_ERR_SHAPE" continual --data idx:data --net 64-8-10 --rows 65,3

# ---- values that the library refuses
tiny="train --data idx:data --epochs 1 --quiet"
refuses 1 "SNN_ERR_ARGUMENT" $tiny --net 64-8-10 --steps 0
refuses 1 "SNN_ERR_ARGUMENT" $tiny --net 64-8-10 --trainer backprop
refuses 1 "SNN_ERR_ARGUMENT" $tiny --net 64-8-10 --optimizer sgdd
refuses 1 "SNN_ERR_ARGUMENT" $tiny --net 64-8-10 --loss hinge
refuses 1 "SNN_ERR_ARGUMENT" $tiny --net 64-8-10 --optimizer.beta1 0.9
refuses 1 "SNN_ERR_" $tiny --net 64-8X-4
refuses 1 "binary-transformer-a" $tiny --net vgg12
refuses 1 'network resnet18 has no parameter "size"; it has width, drop_path, stem' $tiny --net resnet18:size=3
refuses 1 "train_steps: trainer ottt: steps = 0" $tiny --net 64-8-10 --train-steps 0
refuses 1 'back_weights = "some" is not one of same|sign|random' $tiny --net 64-8-10 --back-weights some
refuses 2 'lr_scale: "fc1" is not LAYER=FACTOR' $tiny --net 64-8-10 --lr-scale fc2=1,fc1
refuses 2 'lr_scale: no layer is called fc9' $tiny --net 64-8-10 --lr-scale fc9=0
refuses 1 'SNN_ERR_ARGUMENT' $tiny --net 64-8-10 --lr-scale fc1=-1
refuses 1 "Networks for ide: ide-400" $tiny --net 64-8-10 --trainer ide
refuses 1 "of neurons dsr_if or dsr_lif" $tiny --net 64-8-10 --trainer dsr
refuses 1 'neuron.type: unknown neuron "lief"; there are if, lif' $tiny --net 64-8-10 --neuron lief
refuses 1 'data.normalise: "yes"' $tiny --net 64-8-10 --normalise yes
refuses 1 'unknown instruction set "sse9"; there are ref, avx2, avx512, amx, neon, best' $tiny --isa sse9
refuses 1 "epochs: 0" train --data idx:data --epochs 0
refuses 1 "batch: 0" train --data idx:data --batch 0
refuses 2 "there is no number 400" $tiny --net 64-8-10 --sample 400

# ---- files
refuses 1 "SNN_ERR_IO" $tiny --data idx:nowhere
refuses 1 "SNN_ERR_ARGUMENT" $tiny --data png:data
mkdir -p other
for file in data/*; do
    cp "$file" "other/$(basename "$file")"
    cp "$file" "other/$(basename "$file" | sed 's/-idx/.idx/')"
done
rm other/t*-idx3-ubyte
cp data/train-images-idx3-ubyte other/a-train-images.idx3
refuses 1 "give the beginning of the names" $tiny --data idx:other
refuses 1 "no.json" $tiny no.json
refuses 1 "SNN_ERR_IO" eval no.snn
refuses 1 "SNN_ERR_IO" info no.snn
refuses 1 "SNN_ERR_IO" train --resume no.snn.ckpt
refuses 1 "no/where.csv" $tiny --net 64-8-10 --csv no/where.csv
refuses 1 "no/model.snn: No such file" $tiny --net 64-8-10 --save no/model.snn --csv log.csv
refuses 1 "no/matrix.svg: No such file" continual --data idx:data --net 64-8-10 --matrix no/matrix.svg
refuses 1 "no/curves.svg: No such file" $tiny --net 64-8-10 --curves no/curves.svg
refuses 1 "mixup needs the encoder direct, not poisson" $tiny --net 64-8-10 --trainer.mixup 0.2 \
    --trainer.encoder poisson
head -c 3000 data/train-images-idx3-ubyte >short
mkdir -p cut
cp data/* cut/
mv short cut/train-images-idx3-ubyte
refuses 1 "SNN_ERR_FORMAT" $tiny --data idx:cut
printf 'no model at all, only some text that is long enough for a header' >text.snn
refuses 1 "SNN_ERR_FORMAT" info text.snn
run 0 $tiny --net 64-8-10 --save good.snn
head -c 2000 good.snn >half.snn
refuses 1 "SNN_ERR_FORMAT" info half.snn
refuses 1 "SNN_ERR_" train --resume good.snn

# ---- configuration files
json() {
    printf '%s' "$1" >bad.json
    refuses 1 "$2" train bad.json
}
json '{ "epochs": 2, }' "bad.json: line 1"
json '[ 1 ]' "must be a JSON object"
json '{ "epoch": 2 }' 'unknown key "epoch"; did you mean "epochs"?'
json '{ "mixup": 0.2 }' 'unknown key "mixup"; did you mean "trainer.mixup"?'
json '{ "optimizer": { "learning_rate": 2 } }' 'did you mean "optimizer.lr"?'
json '{ "trainer": { "stepz": 2 } }' 'unknown key "trainer.stepz"'
json '{ "trainer": 3 }' '"trainer" must be an object'
json '{ "epochs": "two" }' '"epochs" must be a whole number'
json '{ "optimizer": { "lr": "fast" } }' '"optimizer.lr" must be a number'
json '{ "epochs": 1, "epochs": 2 }' "bad.json"
json '{ "data": { "format": "idx", "dir": "data" }, "network": { "layers": 7 } }' "SNN_ERR_"
mkfifo pipe.json
refuses 1 "pipe.json: it is not a regular file" train pipe.json

finish
