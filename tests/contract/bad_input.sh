#!/bin/sh
# bad_input.sh SOURCE SNN TINY_IDX MISUSE - docs/bad-input.md is true: the tool makes every mistake of its first
# table, test_trainer_misuse those of the second, and the messages are those of the page. Numbers, which depend on the
# machine's rounding, are not compared in the first table. With the argument --table after these it prints that table.
set -eu
source=$1 snn=$2 tiny_idx=$3 misuse=$4 shown=${5:-}
page=$source/docs/bad-input.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export LC_ALL=C

mkdir d data bomb trunc flip
"$tiny_idx" data
quick="--data idx:data --net 64-8-10 --epochs 1 --steps 2 --quiet"
# shellcheck disable=SC2086 # a list of flags
"$snn" train $quick --save m.snn > /dev/null

# flip FROM TO OFFSET: a copy with another byte there
flip() {
    cp "$1" "$2"
    byte=$(od -An -tu1 -j "$3" -N 1 "$1")
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf '%o' $((byte ^ 64)))" | dd of="$2" bs=1 seek="$3" conv=notrunc 2> /dev/null
}

size=$(wc -c < m.snn)
head -c $((size / 2)) m.snn > t.snn
flip m.snn f.snn $((size - 40))
echo nine > x.snn
mkfifo p.snn p.json
for file in data/*; do
    name=${file#data/}
    gzip -nc "$file" > "trunc/$name.gz"
    gzip -nc "$file" > "flip/$name.gz"
done
head -c 16 trunc/train-images-idx3-ubyte.gz > short && mv short trunc/train-images-idx3-ubyte.gz
images=flip/train-images-idx3-ubyte.gz
flip $images short $(($(wc -c < $images) - 6)) && mv short $images
head -c 32000000 /dev/zero | gzip > bomb/data_batch_1.bin.gz
echo '{ "trainer": { "stepz": 3 } }' > c.json
printf '{ "net": }' > c2.json

# row MISTAKE ARGUMENTS...: the tool refuses, and the last line of its errors is the message.
row() {
    mistake=$1
    shift
    ! "$snn" "$@" > out 2> err || { echo "$mistake: snn $* succeeded"; exit 1; }
    printf '| %s | %s |\n' "$mistake" "$(tail -n 1 err)" >> table
}

row "truncated model file" info t.snn
row "one byte of a model file changed" info f.snn
row "not a model file" eval x.snn
row "absent model file" eval none.snn
row "a pipe in place of a model file" info p.snn
row "a pipe or device in place of a configuration" train p.json
row "a .gz of 32 kB that stands for 32 MB" train --data cifar10:bomb
row "truncated .gz of a data set" train --data idx:trunc
row "one byte of a .gz changed" train --data idx:flip
row "absent data set" train --data idx:d
# shellcheck disable=SC2086
{
    (ulimit -f 64 && row "a file larger than the system allows (\`ulimit -f\`)" train $quick --net 64-800-10 \
        --csv l.csv --save l.snn)
    row "a folder that is not there" train $quick --save none/m.snn
    row "unknown token of a network" train $quick --net 784-8x0-10
    row "unknown key of a configuration" train c.json
    row "broken JSON" train c2.json
    row "a parameter out of bounds" train $quick --save n.snn --lr -1
    row "a validation of less than one sample" train $quick --validation 0.0001
    row "a model file to resume from" train --resume m.snn
}
if [ "$shown" = --table ]; then
    cat table
    exit
fi

# section TITLE: the rows of its table, without the head
section() {
    awk -v title="## $1" '/^## / { on = $0 == title; n = 0 } on && /^\|/ && ++n > 2' "$page"
}

# numbers: decimal and hexadecimal ones become N
numbers() {
    sed -E 's/\b[0-9a-f]{8}\b/N/g; s/[0-9]+/N/g'
}

section "Files, disks and the command line" | numbers > page
numbers < table | diff page - || { echo "docs/bad-input.md (<) and the tool (>) differ"; exit 1; }
section Calls > page
"$misuse" --table | tail -n +3 | diff page - || { echo "docs/bad-input.md (<) and the library (>) differ"; exit 1; }
echo "$(wc -l < table) mistakes of the tool and $(wc -l < page) calls answer as the page says"
