#!/bin/sh
# predict.sh SNN TINY_IDX WORK - what snn predict writes, and the matrix of snn eval, agree with what snn eval counts.
set -u
. "$(dirname "$0")/common.sh"

# The labels of the test set, a line each.
labels() {
    tail -c +9 data/t10k-labels-idx1-ubyte | od -An -v -tu1 | tr -s ' ' '\n' | sed '/^$/d'
}

# ---- classes: a model that is wrong now and then
run 0 train --data idx:data --net 64-6-10 --epochs 1 --lr 0.005 --data.limit 300 --save m.snn --quiet
run 0 eval m.snn --data idx:data --quiet
cp out accuracy
run 0 predict m.snn --data idx:data
[ "$(head -n 1 out)" = "sample,class,name,probability" ] || bad "the table has other columns: $(head -n 1 out)"
sed 1d out >table
labels | paste -d, table - | awk -F, '$1 != NR - 1 || $4 < 0.1 || $4 > 1 { exit 1 } $2 == $5 { n++ }
    END { printf "test accuracy %.2f%%\n", 100 * n / NR }' >counted
same accuracy counted
run 0 predict m.snn --data idx:data --batch 7
sed 1d out | cmp -s - table || bad "another batch gives another table"
run 0 predict m.snn --data idx:data --save table.csv
[ ! -s out ] || bad "--save FILE, and output"
sed 1d table.csv | cmp -s - table || bad "--save writes something else"
run 0 predict m.snn --data idx:data --outputs --data.limit 3
awk -F, 'NR > 1 && NF == 14 { for (i = 5; i <= 14; i++) if ($i > $(5 + $2)) exit 1; n++ } END { exit n != 3 }' out ||
    bad "the class is not that of the largest output"
run 0 predict m.snn --data idx:data --split train --data.limit 5
[ "$(wc -l <out)" -eq 6 ] || bad "--split train --data.limit 5 has $(wc -l <out) lines"
cp m.snn before
ln -s m.snn linked.snn
run 1 predict m.snn --data idx:data --save linked.snn
has err "would replace the file that is read"
same m.snn before
if [ -e /dev/full ]; then
    "$snn" predict m.snn --data idx:data >/dev/full 2>err && bad "a full disk is no failure"
    [ "$(wc -l <err)" -eq 1 ] || bad "a full disk is not one line: $(cat err)"
fi

# ---- the array is the table's outputs
run 0 predict m.snn --data idx:data --save p.npy
head -c 10 p.npy | od -An -tx1 | grep -q '93 4e 55 4d 50 59 01 00 76 00' ||
    bad "p.npy does not begin as a .npy of 128 bytes"
[ "$(wc -c <p.npy)" -eq $((128 + 400 * 10 * 4)) ] || bad "p.npy has $(wc -c <p.npy) bytes"
has p.npy "'shape': (400, 10)" "'descr': '<f4'"
run 0 predict m.snn --data idx:data --outputs
tail -c +129 p.npy | od -An -v -w40 -tf4 | head -n 50 | awk '{ for (i = 1; i <= 10; i++) printf "%.5g\n", $i }' >a
sed 1d out | head -n 50 | awk -F, '{ for (i = 5; i <= 14; i++) printf "%.5g\n", $i }' >b
same a b

# ---- the matrix, and figures of the classes
run 0 eval m.snn --data idx:data --confusion --per-class
has out "label, and samples by the class of the prediction" "precision" " mean "
labels | paste -d, table - | awk -F, '{ n[$5 "," $2]++ }
    END { for (l = 0; l < 4; l++) { for (c = 0; c < 10; c++) printf "%d ", n[l "," c]; print "" } }' >a
sed -n '/^label, and/,/^$/p' out | sed -n '3,6p' | awk '{ for (c = 2; c <= 11; c++) printf "%d ", $c; print "" }' >b
same a b
awk 'NR == FNR { for (c = 1; c <= 10; c++) { rows[NR - 1] += $c; cols[c - 1] += $c } right[NR - 1] = $NR; next }
    /^class/ { on = 1; next } on && $1 < 4 && NF == 5 {
        p = 100 * right[$1] / cols[$1]; r = 100 * right[$1] / rows[$1]; f = 2 * p * r / (p + r)
        if ($2 != rows[$1] || ($3 - p) ^ 2 > 1e-4 || ($4 - r) ^ 2 > 1e-4 || ($5 - f) ^ 2 > 1e-4) exit 1
        n++
    } END { exit n != 4 }' a out || bad "precision, recall and F1 are not those of the matrix"
grep '^    4 ' out | grep -q '0 *- *- *-$' || bad "a class without samples has figures"
run 0 eval m.snn --data idx:data --confusion --per-class --json
has out '"confusion":[[' '"per_class":{' '"class_names":[null'
hasnt out nan

# ---- names of classes, from folders of recordings
if "$snn" --help | grep -q '^  events '; then
    for class in cat '"dog", wet'; do
        mkdir -p "pets/train/$class" "pets/test/$class"
        for split in train test; do
            for n in 1 2 3; do
                awk -v n=$n -v x="${#class}" \
                    'BEGIN { print "# sensor 16x16"
                        for (i = 0; i < 40; i++) print 100 * i "," (x + i % 3) "," (n + i % 2) "," i % 2 }' \
                    >"pets/$split/$class/$n.csv"
            done
        done
    done
    pets="--data folders:pets"
    run 0 info --data folders:pets
    [ "$(grep -c '^     1:        3  cat$' out)" -eq 2 ] || bad "no names of classes"
    run 0 info --data folders:pets --data.classes 1,0
    [ "$(grep -c '^     0:        3  cat$' out)" -eq 2 ] || bad "names do not follow the order of the classes"
    run 0 train $pets --net 512-8-2 --epochs 3 --steps 3 --batch 2 --save pets.snn --quiet
    run 0 predict pets.snn $pets
    [ "$(wc -l <out)" -eq 7 ] || bad "the table has not six samples"
    grep -Eq ',(cat|"""dog"", wet"),0' out || bad "no name of a class"
    run 0 eval pets.snn $pets --confusion --per-class
    has out 'cat'
fi

# ---- many classes: the largest confusions
mkdir many
cp data/* many/
for part in train t10k; do
    {
        head -c 8 data/$part-labels-idx1-ubyte
        tail -c +9 data/$part-labels-idx1-ubyte | tr '\001\002\003' '\036\055\074'
    } >many/$part-labels-idx1-ubyte
done
run 0 train --data idx:many --net 64-6-61 --epochs 1 --lr 0.005 --data.limit 300 --save many.snn --quiet
run 0 eval many.snn --data idx:many --confusion --json
sed 's/.*"confusion":\[\[\([^"]*\)\]\].*/\1/; s/\],\[/\n/g' out |
    awk -F, '{ for (c = 1; c <= NF; c++) if (c != NR && $c > 0) print $c, NR - 1, c - 1 }' |
    sort -k1,1nr -k2,2n -k3,3n >a
run 0 eval many.snn --data idx:many --confusion
has out "61 classes: the largest confusions" "label, taken for"
sed -n '/label, taken for/,/^$/p' out | awk '/>/ { print $1, $3, $5 }' >b
there b
head -n "$(wc -l <b)" a | cmp - b || bad "the largest confusions are not those of the matrix"

# ---- targets of samples and of steps: the squared error of the table is that of eval
mkdir series
for split in train test; do
    awk -v seed=${#split} 'BEGIN { srand(seed); print "a,b,y"; for (i = 0; i < 240; i++) { a = rand(); b = rand()
        printf "%.4f,%.4f,%.4f\n", a, b, a - b } }' >series/$split.csv
done
series="--data csv:series --data.targets y"
for way in "" "--data.window 6" "--data.window 6 --data.last 1"; do
    run 0 train $series $way --net 2-16-1 --trainer bptt --loss mse --lr 0.02 --epochs 2 --batch 8 --quiet \
        --save r.snn
    run 0 eval r.snn $series $way --json
    sed 's/.*"squared_error":\([^,]*\),.*/\1/' out >error
    run 0 predict r.snn $series $way --save table.csv
    case $way in
    "--data.window 6") columns=sample,step,output_0 ;;
    *) columns=sample,output_0 ;;
    esac
    [ "$(head -n 1 table.csv)" = $columns ] || bad "$way: the columns are $(head -n 1 table.csv)"
    every=1
    [ "${way% 1}" = "$way" ] || every=6
    sed 1d series/test.csv | awk -v n=$every 'NR % n == 0' | cut -d, -f3 >targets
    sed 1d table.csv | awk -F, '{ print $NF }' | paste -d' ' - targets |
        awk -v error="$(cat error)" 'NF != 2 { exit 1 } { e += ($1 - $2) ^ 2 } END { e /= NR
            exit !(NR >= 40 && (e - error) ^ 2 < 1e-10) }' || bad "$way: the squared error is not $(cat error)"
done
run 0 predict r.snn $series --data.window 6 --data.last 0 --save steps.npy
has steps.npy "'shape': (40, 6, 1)"

# ---- labels of steps: the table has the classes of all steps, and eval the share of those that are right
mkdir classes
for split in train test; do
    sed 's/^a,b,y$/a,b,c/' series/$split.csv | awk -F, 'NR > 1 { $3 = $3 > 0.2 ? 2 : $3 > -0.2 }
        { print $1 "," $2 "," $3 }' >classes/$split.csv
done
labels="--data csv:classes --data.labels c --data.window 6"
run 0 info $labels
has out "a label for each step; steps of each class:"
run 0 train $labels --net 2-16-3 --trainer bptt --loss ce --lr 0.05 --epochs 3 --batch 8 --quiet --save l.snn
run 0 eval l.snn $labels --json
sed 's/.*"accuracy":\([^,]*\),.*/\1/' out >accuracy
run 0 predict l.snn $labels --save table.csv
[ "$(head -n 1 table.csv)" = sample,step,class,name,probability ] || bad "the columns are $(head -n 1 table.csv)"
sed 1d classes/test.csv | cut -d, -f3 >targets
sed 1d table.csv | cut -d, -f3 | paste -d' ' - targets | awk -v accuracy="$(cat accuracy)" '{ n += $1 == $2 }
    END { exit !(NR == 240 && (n / NR - accuracy) ^ 2 < 1e-10) }' || bad "the accuracy is not $(cat accuracy)"
refuses 2 "these samples have a label for each step" eval l.snn $labels --confusion

# ---- files are replaced whole, and what does not go is refused
echo before >kept.csv
refuses 1 "SNN_ERR_IO" predict no.snn --data idx:data --save kept.csv
[ "$(cat kept.csv)" = before ] || bad "a failure changes the old table"
refuses 1 "no/table.csv: No such file" predict m.snn --data idx:data --save no/table.csv
refuses 2 "no model given" predict
refuses 2 "is not one of test, train, validation" predict m.snn --data idx:data --split all
refuses 2 "--save needs a value" predict m.snn --save
refuses 2 "go with labels" eval r.snn $series --confusion

finish
