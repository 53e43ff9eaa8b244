#!/bin/sh
# use.sh SNN TINY_IDX WORK - the commands do what they say.
set -eu
. "$(dirname -- "$0")/common.sh"

# ---- train: text, files, drawings
run 0 train --data idx:data --net 64-32-10 --epochs 3 --batch 50 --threads 2 --curves curves.svg --raster raster.svg
has out "network  64-32-10: 2,410 parameters, 1x8x8 -> 10" "2,000 training, 400 test samples" "epoch   3/3" \
    "test accuracy "
tail -n 1 out | grep -Eq '^test accuracy [0-9]+\.[0-9][0-9]%$' || bad "the last line is not the test accuracy"
there model.snn model.csv curves.svg raster.svg
[ ! -e model.snn.ckpt ] || bad "a complete run left its checkpoint"
[ "$(wc -l <model.csv)" -eq 4 ] || bad "model.csv does not have 4 lines"
accuracy=$(tail -n 1 out | sed 's/[^0-9]*\([0-9]*\).*/\1/')
[ "$accuracy" -ge 90 ] || bad "test accuracy $accuracy % on a set that is easy"
has curves.svg "<svg " "Accuracy" "epoch" "</svg>"
has raster.svg "<svg " "neurons" "time step" "Output" "</svg>"

# ---- eval and info find everything in the model
cp out trained
run 0 eval model.snn --data idx:data
has out "400 samples" "layer" "dense" "MACs" "ACs"
[ "$(tail -n 1 out)" = "$(tail -n 1 trained)" ] || bad "eval does not repeat the accuracy of training"
run 0 eval model.snn --data idx:data --split train --quiet --batch 7 --threads 1
has out "train accuracy"
refuses 2 "--trainer.shuffle goes with training" eval model.snn --data idx:data --trainer.shuffle 0
refuses 2 "--trainer.variant goes with training" eval model.snn --data idx:data --trainer.variant O
run 0 eval model.snn --data idx:data --quiet --trainer.loss_on mean
run 0 info model.snn
has out "2,410 parameters" "linear" "lif" "firing" "evaluated on 400 samples" '"method": "ottt"'

# ---- NeuroBench: potentials of neurons without memory under a constant input stay what they are at the first step
run 0 train --data idx:data --net 64-20-10 --steps 4 --neuron.decay 0 --epochs 1 --save nb.snn --quiet
run 0 eval nb.snn --data idx:data --neurobench --execution-rate 250
has out "NeuroBench" "footprint" "connection sparsity" "activation sparsity" "250 Hz" "4.6 pJ a MAC and 0.9 pJ an AC"
run 0 eval nb.snn --data idx:data --neurobench --json
has out '"synops_dense":5920.0' '"executions_per_sample":4' '"membrane_updates":20.0' '"neuron_ops_effective":80.0' \
    '"neuron_ops_dense":320.0' '"parameters":1510' '"parameter_bytes":6040' '"model_execution_rate":null'
awk -F'[:,}]' '{ for (i = 1; i < NF; i++) v[$i] = $(i + 1)
    fired = 20 + 60 * (1 - v["\"activation_sparsity\""]) - v["\"membrane_updates_by_firing\""]
    exit !(fired < 1e-4 && fired > -1e-4) }' out || bad "updates by firing are not those of the firing rate"
cp out first
run 0 eval nb.snn --data idx:data --neurobench --json --batch 7
# but for rounding: a batch's products go the way that suits how much of it is zero
alike() { sed 's/"seconds":[^,]*//; s/\("loss":[0-9]*\.[0-9]\{6\}\)[0-9]*/\1/' "$1"; }
[ "$(alike out)" = "$(alike first)" ] || bad "figures depend on the batch"
refuses 2 "--execution-rate goes with --neurobench" eval nb.snn --data idx:data --execution-rate 250
refuses 2 '--execution-rate: "-1" is not a number from' eval nb.snn --data idx:data --neurobench --execution-rate -1

# ---- continual: tasks one after the other, with and without lateral neurons
run 0 continual --data idx:data --net 64-32-10 --tasks 3 --batch 50 --epochs 2 --rows 12,8 --more 6,4 \
    --hebb-lr 0.001,0.01 \
    --matrix matrix.svg --save c.snn
has out "task  1" "task  3" "ACC " "BWT "
there matrix.svg c.snn
has matrix.svg "<svg " "hlop: ACC" "after 3" "</svg>"
cp out first
run 0 continual --data idx:data --net 64-32-10 --tasks 3 --batch 50 --epochs 2 --rows 12,8 --more 6,4 \
    --hebb-lr 0.001,0.01 \
    --threads 2 --quiet
[ "$(tail -n 1 out)" = "$(tail -n 1 first)" ] || bad "two threads do not give what one gives"
run 0 continual --data idx:data --net 64-32-10 --tasks 2 --batch 50 --quiet
[ "$(wc -l <out)" -eq 1 ] || bad "--quiet printed more than the last line"

# its parameters, as flags and in a file; a neuron that a method needs
run 0 continual --data idx:data --net 64-32-10 --tasks 2 --batch 50 --rows 12,8 --quiet
cp out first
run 0 continual --data idx:data --net 64-32-10 --tasks 2 --batch 50 --rows 12,8 --quiet --projection.momentum 0.5 \
    --projection.every 3
cmp -s out first && bad "--projection.every has no effect"
cp out second
echo '{ "projection": { "momentum": 0.5, "every": 3 } }' >projection.json
run 0 continual projection.json --data idx:data --net 64-32-10 --tasks 2 --batch 50 --rows 12,8 --quiet
same out second
run 0 continual --data idx:data --net 64-16-10 --tasks 2 --batch 50 --trainer dsr --neuron dsr_if --rows 8,8 --quiet
run 0 continual --help
has out --neuron projection
run 0 continual --help projection
has out --projection.lr --projection.scale

# ---- a test set without the highest label; a home folder
mkdir -p home/few
"$tiny_idx" home/few 8
run 0 train --data idx:home/few --net 64-16-12 --epochs 1 --quiet --save few.snn
run 0 eval few.snn --data idx:home/few --quiet
run 0 continual --data idx:home/few --net 64-16-12 --tasks 2 --quiet
HOME=$PWD/home run 0 train --data 'idx:~/few' --net 4C3-AP2-FC --epochs 1 --quiet --save='~/few.snn'
there home/few.snn home/few.csv
echo '{ "data": { "format": "idx", "dir": "~/few" }, "network": "64-16-12", "start": "~/start.snn" }' >home.json
cp few.snn home/start.snn
HOME=$PWD/home run 0 train home.json --epochs 1 --quiet --save few.snn
refuses 1 "write out the path" train --data 'idx:~nobody/few' --save few.snn

# ---- recordings: frames and steps follow each other; without libsnn-events there are none
for split in Train Test; do
    for label in 0 1 2 3 4 5 6 7 8 9; do
        mkdir -p events/$split/$label
        for t in 1 2 3 4 5 6 7; do
            printf "\\001\\00$t\\200\\000\\00$t"
        done >events/$split/$label/0000$label.bin
    done
done
events="train --data nmnist:events --net 2312-8-10 --epochs 1 --batch 5 --quiet --save events.snn"
if "$snn" events --help >/dev/null 2>&1; then
    run 0 $events
    run 0 info events.snn
    has out '"steps": 6'
    run 0 $events --frames.steps 10
    run 0 info events.snn
    has out '"steps": 10'
    run 0 eval events.snn --data nmnist:events --steps 4
    has out "T = 4"
    run 0 eval events.snn --data nmnist:events --frames.steps 3
    has out "T = 3"
    run 0 $events --steps 10
    refuses 2 "frames.steps is 4, trainer.steps is 5" $events --steps 5 --frames.steps 4
    cp events.snn plain.snn
    run 0 $events --steps 10 --cache cache
    cmp -s events.snn plain.snn || bad "a cache gives another model"
    [ "$(ls cache | wc -l)" -eq 2 ] || bad "the cache of two splits has $(ls cache | wc -l) files"
    refuses 1 'cache is ""' $events --cache ""
    refuses 2 "data.cache is for recordings" train --data idx:data --net 64-10 --epochs 1 \
        --cache cache --save none.snn
    refuses 1 "frames.cut" $events --frames.cut half
else
    refuses 1 "libsnn-events, which this build lacks" $events
    refuses 1 "this build has no libsnn-events" events recording.aedat4
    refuses 1 "this build has no libsnn-events" run events.snn --events recording.aedat4
fi

# ---- --json: every line is an object
if command -v python3 >/dev/null 2>&1; then
    json() { python3 -c 'import json, sys
kinds = [json.loads(line)["event"] for line in open("out")]
sys.exit(kinds != sys.argv[1].split(","))' "$1" || bad "JSON lines are not $1"; }
else
    json() { echo "no python3: JSON is not parsed"; }
fi
run 0 train --data idx:data --net 64-8-10 --epochs 2 --json --save j.snn
json start,epoch,epoch,end
run 0 eval j.snn --data idx:data --json
json eval
run 0 info j.snn --json
json info

# ---- methods, optimizers, losses, neurons, convolution
for method in ottt sltt bptt; do
    run 0 train --data idx:data --net 64-16-10 --epochs 1 --trainer $method --steps 3 --quiet --save m.snn
    [ "$(wc -l <out)" -eq 1 ] || bad "--quiet printed more than the last line"
done
run 0 train --data idx:data --net 64-16-10 --epochs 1 --trainer.variant O --optimizer adam --lr 0.001 --neuron lif \
    --neuron.tau 3 --loss ce --schedule constant --normalise none --save m.snn
run 0 info m.snn
has out '"variant": "O"' '"name": "adam"' '"tau": 3' '"loss": "ce"' '"normalise": "none"'
run 0 train --data idx:data --net 4C3-AP2-FC --epochs 1 --batch=40 --data.limit 400 --raster conv.svg \
    --normalise channel --save conv.snn
there conv.snn conv.svg

# ---- with more than ten classes the five likeliest are told, too; with more than five the log has them
mkdir many
"$tiny_idx" many 9
run 0 train --data idx:many --net 64-8-13 --steps 2 --epochs 1 --save many.snn
has out "top-5  train " "  test " "test top-5 accuracy "
[ "$(awk '/^epoch/ || /top-5  train/ { n += length($0) > 80 } END { print n }' out)" = 0 ] || bad "lines too long"
run 0 eval many.snn --data idx:many
has out "test top-5 accuracy " "test accuracy "
run 0 eval many.snn --data idx:many --json
has out '"top5":1.0' '"accuracy":1.0'
run 0 info many.snn
has out "accuracy 100.00%, top-5 100.00%, loss"
run 0 compare many.snn model.snn
has out "test top-5"
run 0 compare model.snn
hasnt out "top-5"

# ---- a method that solves an equation says how well; --mean, --deviation and --dropout
run 0 train --data idx:data --net ide-400 --dropout 0.2 --trainer ide --steps 5 --loss ce --lr 0.05 --epochs 2 \
    --mean 0.1307 --deviation 0.3081 --curves i.svg --raster ir.svg --save i.snn
has out "equilibrium gap 0." "residual at most" "0 batches not converged"
there i.svg ir.svg
has ir.svg "one output, at the end"
columns=solver_residual,solver_failures,backward_rate,validation_loss,validation_accuracy,task,peak_bytes
columns=$columns,train_top5,validation_top5,test_top5,rate_
head -n 1 i.csv | grep -q "$columns" || bad "i.csv lacks the columns of the solver"
tail -n 1 i.csv |
    awk -F, '{ exit !(NF == 22 && $10 > 0 && $11 > 1 && $12 > 0 && $12 <= 1e-6 && $13 == 0 && $14 == "") }' ||
    bad "figures of the solver: $(tail -n 1 i.csv)"
tail -n 1 model.csv | grep -q \
    ',,,,,,,,,[0-9]*,[0-9.]*,,[0-9.]*,[0-9.]*$' || bad "ottt solves nothing, but model.csv says so"
accuracy=$(tail -n 1 out | sed 's/[^0-9]*\([0-9]*\).*/\1/')
[ "$accuracy" -ge 90 ] || bad "ide: test accuracy $accuracy % on a set that is easy"
cp out trained
run 0 eval i.snn --data idx:data
[ "$(tail -n 1 out)" = "$(tail -n 1 trained)" ] || bad "eval does not repeat the accuracy of training with ide"
run 0 info i.snn
has out '"dropout": 0.2' '0.1307' '0.3081' '"solver": "auto"'
run 0 train --data idx:data --net ide-400 --trainer ide --steps 5 --loss ce --epochs 1 --trainer.iterations 2 --json \
    --save f.snn
grep -Eq '"solver_failures": ?[1-9]' out || bad "a solver that stops too early is not reported"
has err "the solver stopped after 2 iterations with a residual of"

# ---- a method with a second stage says how often it fires
run 0 train --data idx:data --net spide-lenet --dropout 0.2 --trainer spide --steps 10 --trainer.backward_steps 40 \
    --data.limit 200 --epochs 2 --batch 20 --save p.snn
has out "backward firing "
tail -n 1 p.csv | awk -F, '{ exit !(NF == 26 && $6 >= 0 && $7 > 0 && $13 == "" && $14 > 0) }' ||
    bad "figures of the second stage: $(tail -n 1 p.csv)"
run 0 info p.snn
has out '"backward_steps": 40' '"loss": "ce"' '"lr": 0.0005'
run 0 train --data idx:data --net spide-lenet --trainer spide --steps 4 --trainer.backward_steps 10 \
    --trainer.scale 50 \
    --data.limit 100 --epochs 1 --batch 20 --json --save p.snn
grep -Eq '"backward_rate": ?0' out || bad "the rate of the second stage is not reported"
refuses 2 "is not a list of numbers" train --data idx:data --mean 0.1,,2
refuses 2 "--deviation: \"x\" is not a list" train --data idx:data --deviation x

# ---- binary weights: a teacher, a packed file that gives the same figures
run 0 train --data idx:data --net 64-24-10 --epochs 2 --trainer bptt --steps 3 --data.limit 1000 --batch 50 --quiet \
    --save teacher.snn
run 0 train --data idx:data --net binary-mlp --epochs 1 --trainer sei --steps 2 --loss ce --batch 50 \
    --data.limit 500 \
    --teacher teacher.snn --save taught.snn --packed packed.snn
run 0 info taught.snn
has out '"distil": 0.7' '"distil_tau": 4' '"teacher": "teacher.snn"'
run 0 train --data idx:data --net binary-mlp --epochs 1 --trainer sei --steps 2 --loss ce --batch 50 \
    --data.limit 500 --save alone.snn
cmp -s taught.snn alone.snn && bad "the teacher has no effect"
run 0 train --data idx:data --net binary-mlp --epochs 1 --trainer sei --steps 2 --loss ce --batch 50 \
    --data.limit 500 \
    --start alone.snn --binary none --save further.snn
tail -n 1 further.csv | awk -F, -v "first=$(tail -n 1 alone.csv | cut -d, -f2)" '{ exit !($2 < first) }' ||
    bad "--start does not go on from what was learnt"
refuses 1 "alone.snn: has no tensor with a name and a shape of the network's" train --data idx:data \
    --net 64-8-10 --start alone.snn --save x.snn
run 0 train --data idx:data --net "binary-mlp:width=64" --trainer sei --epochs 1 --steps 2 --loss ce --batch 50 \
    --data.limit 100 --start alone.snn --save other.snn
grep -q 'fc1.weight keeps its values.*is \[512,64\], the network has \[' err ||
    bad "--start does not say what it left"
run 0 train --data idx:data --start alone.snn --trainer sei --epochs 1 --steps 2 --data.limit 100 --save grown.snn
run 0 info grown.snn
has out "1x8x8 -> 10" "sum4"
mlp="train --data idx:data --net 64-8-10 --data.limit 100 --csv log.csv"
run 0 $mlp --epochs 1 --save free.snn
before=$(tail -n 1 log.csv | cut -d, -f4,5)
run 0 $mlp --epochs 2 --start free.snn --lr-scale fc1=0,fc2=0 --save frozen.snn
[ "$(tail -n 1 log.csv | cut -d, -f4,5)" = "$before" ] || bad "frozen layers have learnt"
run 0 $mlp --epochs 2 --start free.snn --lr-scale fc1=0 --save half.snn
[ "$(tail -n 1 log.csv | cut -d, -f4,5)" != "$before" ] || bad "a layer that is not frozen has not learnt"
refuses 2 "has its own neurons" train --data idx:data --start alone.snn --neuron if --save x.snn
run 0 eval taught.snn --data idx:data
grep -v ' s$\|samples' out >plain
run 0 eval packed.snn --data idx:data
grep -v ' s$\|samples' out >again
cmp -s plain again || bad "the packed model gives other figures"
refuses 1 "SNN_ERR_IO" train --data idx:data --net 64-8-10 --save x.snn --teacher no.snn
printf 'no model at all, only some text that is long enough for a header' >notes.snn
refuses 1 "SNN_ERR_FORMAT" train --data idx:data --net 64-8-10 --save x.snn --teacher notes.snn

# ---- one file instead of flags; flags override it; the model carries what results
cat >run.json <<'JSON'
{ "network": "64-12-10", "data": { "format": "idx", "dir": "data" }, "neuron": { "type": "lif", "threshold": 0.9 },
  "trainer": { "method": "sltt", "steps": 4 }, "optimizer": { "name": "sgd", "lr": 0.05 },
  "epochs": 2, "batch": 64, "seed": 5 }
JSON
run 0 train run.json --seed 6 --save r.snn
run 0 info r.snn
has out '"seed": 6' '"steps": 4' '"method": "sltt"' '"threshold": 0.9' '"epochs": 2'
if command -v python3 >/dev/null 2>&1; then
    "$snn" info --json r.snn | python3 -c 'import json, sys
json.dump(json.load(sys.stdin)["run"], open("again.json", "w"))'
    run 0 train again.json --save again.snn
    same r.snn again.snn
fi

# ---- the same bits whatever the number of threads, and again
run 0 train run.json --threads 1 --save t1.snn
run 0 train run.json --threads 3 --save t3.snn
same t1.snn t3.snn

# ---- fewer steps in training than in evaluation: training is that of the fewer, evaluation that of the more
run 0 train --data idx:data --net 64-16-10 --epochs 2 --steps 2 --quiet --save two.snn
run 0 train --data idx:data --net 64-16-10 --epochs 2 --steps 6 --train-steps 2 --quiet --save apart.snn
cp out trained
[ "$(cut -d, -f 2,3 two.csv)" = "$(cut -d, -f 2,3 apart.csv)" ] || bad "--train-steps does not train as --steps"
[ "$(cut -d, -f 4 two.csv)" != "$(cut -d, -f 4 apart.csv)" ] || bad "--train-steps evaluates with its steps"
run 0 eval apart.snn --data idx:data --quiet
[ "$(tail -n 1 out)" = "$(tail -n 1 trained)" ] || bad "eval does not take the steps of the evaluation"

# ---- errors on their way down: other weights, and the model has them
run 0 train --data idx:data --net 64-16-16-10 --epochs 2 --trainer sltt --back-weights random --quiet --save back.snn
run 0 info back.snn --json
has out '"tensors":{"weight":[16,64],"bias":[16]}' '"back":[16,16]' '"back":[10,16]'

# ---- a batch is no larger than the data set; the bits are those of a batch of its size
run 0 train --data idx:data --net 64-8-10 --epochs 2 --batch 2000 --quiet --save all.snn
run 0 train --data idx:data --net 64-8-10 --epochs 2 --batch 1000000000 --quiet --save more.snn
run 0 info all.snn
grep -v '"batch"\|all.snn' out >all
run 0 info more.snn
grep -v '"batch"\|more.snn' out | cmp - all || bad "a batch beyond the data set gives another model"

# ---- what a run says: lines of 80 columns, and populations that never spike
run 0 train --data idx:data --net 64-32-10 --epochs 12 --threads 1 --save lines.snn
[ "$(grep '^epoch' out | awk '{ if (length($0) > n) n = length($0) } END { print n }')" -le 80 ] ||
    bad "lines of more than 80 columns"
[ ! -s err ] || bad "a warning without a reason"
run 0 train --data idx:data --net 64-32-10 --epochs 2 --neuron.threshold 1000 --save silent.snn
[ "$(grep -c 'does not spike at all' err)" -eq 1 ] || bad "a silent population is not warned of once"
run 0 train --data idx:data --data.limit 201 --net 64-16-BN-10 --epochs 3 --batch 100 --save one.snn
[ "$(grep -c 'leave a last batch of one' err)" -eq 1 ] || bad "a sample that is left out is not said once"
run 0 train --data idx:data --net 64-32-10 --epochs 1 --trainer.encoder poisson --save poisson.snn
[ ! -s err ] || bad "poisson code was normalised by default"
run 0 train --data idx:data --net 64-32-10 --epochs 1 --trainer.encoder latency --normalise mean-std \
    --save latency.snn
has err "takes values from 0 to 1"

# ---- help and version
run 0 --version
head -n 1 out | grep -Eq '^snn [0-9]+\.[0-9]+\.[0-9]+$' || bad "--version prints something else"
run 0 --help
has out train eval info bench
run 0 train --help
has out --data --net --curves "ottt" "sltt" "bptt" "vgg11-ws" "snn train --help TOPIC" "ce_mse, half_square" \
    "multi_step, cosine"
[ "$(wc -l <out)" -le 80 ] || bad "train --help has $(wc -l <out) lines"
run 0 train --help all
has out --trainer.steps --trainer.variant --optimizer.weight_decay --neuron.tau --data.crop_pad "default 6"
run 0 train --help spide
has out --trainer.steps --trainer.backward_steps
hasnt out --trainer.variant
hasnt out --neuron.tau
has out "implicit differentiation"
run 0 train --help network
has out "vgg11-ws " "binary-transformer-a"
run 0 train --help optimizer
has out "stochastic gradient descent" --optimizer.lr
run 2 train --help everything
has err 'no help on "everything"'
for command in eval info bench; do
    run 0 $command --help
    has out "usage: snn $command"
done

# ---- bench
if taskset 1 true 2>/dev/null; then # its own choice is that of the library
    taskset 1 "$snn" bench train --net 64-16-10 --trainer sltt --steps 2 --repeats 1 --batch 8 >out 2>err ||
        bad "bench train failed"
    has out "1 processors"
    [ "$(grep -c '^sltt' out)" -eq 1 ] || bad "bench train on one processor took more than one number of threads"
fi
run 0 bench train --net ide-400 --trainer ide --shape 1x4x4 --threads 1 --steps 2 --batch 8 --repeats 1
has out "1x4x4 -> 10" # the 400 of a builder's name is no number of classes
run 0 bench stream --net 64-16-10 --density 5,100 --trainer ottt
[ "$(grep -c '^step only' out)" -eq 2 ] && [ "$(grep -c '^ottt' out)" -eq 2 ] ||
    bad "bench stream printed not one line per density"
run 2 bench stream --net 64-16-10 --density 200
has err 'not a number from 0 to 100'
run 0 bench kernels --product 200x40-30,2x32x6-8c3 --density 5,50
[ "$(grep -c '^200x40-30' out)" -eq 2 ] && [ "$(grep -c '^2x32x6-8c3' out)" -eq 2 ] ||
    bad "bench kernels printed not one line per density"
has out dense winograd events lookup matrix bits picked
run 0 bench kernels --product 200x40-30 --density 20 --json
json kernels
run 0 bench kernels --product 200x40-30,2x32x6-8c3 --tune table.txt
[ "$(grep -c '^[a-z]* [0-9]*-[0-9]* .* [a-z]* [0-9.e-]*$' table.txt)" -eq 8 ] || bad "a product table has not 8 rows"
run 0 bench train --net 64-16-10 --trainer sltt --threads 1 --steps 2 --batch 16 --repeats 1 --product-table table.txt
run 1 bench train --net 64-16-10 --trainer sltt --threads 1 --product-table table.txt --isa ref
grep -q 'another processor or instruction set' err || bad "a table of another instruction set was taken"
run 0 bench kernels --net 64-16-10 --batch 16 --tune table.txt
grep -q '^spikes 1-1 1-1 16-31 16-31 64-127 ' table.txt || bad "a product table lacks the first layer"
run 2 bench kernels --product 200-40
has err 'is neither SAMPLESxINPUTS-OUTPUTS'
run 1 bench kernels --product 0x40-30
has err 'sizes must be at least 1'
run 0 bench layer --width 16,32 --steps 4 --batch 8 --repeats 1 --threads 2
[ "$(grep -c '^ *\(16\|32\) *4 ' out)" -eq 2 ] || bad "bench layer printed not one line per width"
run 0 bench floors --net 4C3-MP2-FC --shape 1x8x8 --batch 4
[ "$(grep -c '^conv2d 3x3 1x8x8 to 4x8x8 *\(forward\|gradient\)' out)" -eq 2 ] ||
    bad "bench floors printed not one line per call"
run 0 bench growth --axis steps --steps 1,2 --repeats 1
[ "$(grep -c '^steps *128 *[12] *800 *10%' out)" -eq 2 ] ||
    bad "bench growth printed not one line per number of steps"
run 2 bench growth --axis depth
run 0 bench train --data idx:data --net 64-16-10 --trainer sltt --threads 1 --steps 2 --batch 16 --repeats 2 \
    --after 1 --json
grep -q '"after":1,' out || bad "bench train --data does not say after how many epochs it measured"
run 2 bench train --net 64-16-10 --trainer sltt --after 1
run 0 bench train --net 64-16-10 --trainer ottt,bptt --threads 1,2 --steps 2 --batch 16 --repeats 1
has out "machine" "ottt" "bptt" "samples/s"
[ "$(grep -c '^ottt' out)" -eq 2 ] || bad "bench printed not one line per thread count"
run 0 bench train --net 64-16-10 --trainer ottt --threads 1 --batch 16 --repeats 1 --optimizer.lr 0.001 --rows 8,4 \
    --more 6,3
[ "$(grep -c '^ottt' out)" -eq 1 ] || bad "bench with lateral neurons printed no line"
run 2 bench train --net 64-16-10 --trainer ottt --threads 1 --rows 8
has err 'every linear and conv2d layer needs one'
run 0 bench train --memory --net 64-16-10 --trainer sltt --steps 2,20 --batch 16 --json
json memory,memory

# PyTorch is played by a program that knows one figure
printf '#!/bin/sh\necho %s\n' "'{\"framework\": \"torch 9\", \"blas\": \"Slow\", \"samples_per_second\": 0.5, \
\"peak_resident_bytes\": 1048576}'" >torch
chmod +x torch
PYTHON=./torch run 0 bench --against-torch --net 784-800-10 --trainer ottt --repeats 1
has out "machine" "784-800-10" "ottt" "flushed" "times torch 9 with Slow" "1.0 MiB"
PYTHON=false run 1 bench --against-torch
has err "has no PyTorch"
PYTHON=./torch run 2 bench --against-torch --net 8-8-8
has err "no PyTorch program" "--net vgg11-ws --trainer ottt"

finish
