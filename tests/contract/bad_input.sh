#!/bin/sh
# bad_input.sh SOURCE SNN TINY_IDX MISUSE - docs/bad-input.md is true: the tool makes every mistake of its first
# three tables, test_trainer_misuse those of the last, and the messages are those of the page. Numbers depend on the
# machine's rounding, and are compared in the last alone. With the argument --table after these it prints that table.
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
mv table files

# ---- images on disk, in builds that read them
mkdir wide cut text shards packed zipped linked joined
signature='\211PNG\015\012\032\012'
header='\000\000\000\015IHDR\000\000\040\001\000\000\040\001\010\000\000\000\000s\137\055\036'
data='\000\000\000\000IDAT\065\257\006\036'
for split in train val; do
    mkdir -p wide/$split/a cut/$split/a text/$split/a
    # shellcheck disable=SC2059 # the formats are the bytes
    printf "$signature$header$data" > wide/$split/a/0.png
    # shellcheck disable=SC2059
    printf "$signature" > cut/$split/a/0.png
    echo "no image" > text/$split/a/0.jpg
done
echo "no image" > 0.jpg
tar cf shards/0.tar 0.jpg
cat shards/0.tar shards/0.tar > joined/0.tar
mkdir -p circle/a
ln -s . circle/a/again
ln -s 0.jpg 1.jpg
tar cf linked/0.tar 1.jpg
gzip -nc shards/0.tar > packed/0.tar
cp packed/0.tar zipped/0.tar.gz
quick="--net 4C3-GAP-FC --images.size 8 --epochs 1 --steps 2 --quiet --save i.snn"
: > table
if "$snn" train --help images > out 2>&1 && grep -q images.size out; then
    # shellcheck disable=SC2086
    {
        row "a folder without images" train --data images:d $quick
        row "an image of more than 2^26 pixels" train --data images:wide $quick
        row "a PNG that is cut off" train --data images:cut $quick
        row "a .jpg that is no image" train --data images:text $quick
        row "an image of a shard without a class" train --data shards:shards $quick
        row "a folder with a link to itself" train --data images:circle $quick
        row "a link in place of an image of a shard" train --data shards:linked $quick
        row "shards joined by cat" train --data shards:joined $quick
        row "a compressed shard" train --data shards:packed $quick
        row "shards of another name" train --data shards:zipped $quick
    }
fi
mv table images

# ---- several processes, where a launcher starts those of this build
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none # Open MPI 5
quick="--data idx:data --net 64-8-10 --epochs 1 --steps 2 --quiet --save r.snn"

# launch ARGUMENTS...: two ranks
launch() {
    timeout -k 5 60 "$launcher" -n 2 "$snn" "$@" < /dev/null > out 2> err
}

# refused MISTAKE: what the tool says, among the lines of the launcher
refused() {
    printf '| %s | %s |\n' "$1" "$(grep '^snn: ' err | tail -n 1)" >> table
}

: > table
for launcher in mpirun.openmpi mpirun.mpich mpirun; do
    # shellcheck disable=SC2086
    command -v $launcher > /dev/null && launch train $quick && break
    launcher=
done
if [ "$launcher" ]; then
    # shellcheck disable=SC2086
    {
        ! launch train $quick --shards 4 : -n 1 "$snn" train $quick --shards 8 || exit 1
        refused "a flag that differs on a rank"
        ! launch train $quick : -n 1 "$snn" train $quick --data idx:d || exit 1
        refused "a rank that does not find the data"
        cp -r data other
        flip data/train-images-idx3-ubyte other/train-images-idx3-ubyte 20
        ! launch train $quick : -n 1 "$snn" train $quick --data idx:other || exit 1
        refused "a rank with other data"
        ! launch train $quick --shards 1 || exit 1
        refused "more ranks than shards"
        ! launch train $quick --reduce any --send sign || exit 1
        refused "signs in any order"
        ! launch info m.snn || exit 1
        refused "a command of one process"
    }
fi
mv table ranks
if [ "$shown" = --table ]; then
    cat files images ranks
    exit
fi

# section TITLE: the rows of its table, without the head
section() {
    awk -v title="## $1" '/^## / { on = $0 == title; n = 0 } on && /^\|/ && ++n > 2' "$page"
}

# numbers: decimal and hexadecimal ones become N
numbers() {
    sed -E 's/\b([0-9a-f]{8}){1,2}\b/N/g; s/[0-9]+/N/g'
}

section "Files, disks and the command line" | numbers > page
numbers < files | diff page - || { echo "docs/bad-input.md (<) and the tool (>) differ"; exit 1; }
section "Images on disk" | numbers > page
if [ -s images ] && ! grep -q libpng-dev images; then
    numbers < images | diff page - || { echo "docs/bad-input.md (<) and the tool (>) differ"; exit 1; }
fi
section Ranks | numbers > page
if [ -s ranks ]; then
    numbers < ranks | diff page - || { echo "docs/bad-input.md (<) and the tool (>) differ"; exit 1; }
fi
section Calls > page
"$misuse" --table | tail -n +3 | diff page - || { echo "docs/bad-input.md (<) and the library (>) differ"; exit 1; }
echo "$(cat files images ranks | wc -l) mistakes of the tool and $(wc -l < page) calls answer as the page says"
