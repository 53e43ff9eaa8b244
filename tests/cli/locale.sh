#!/bin/sh
# locale.sh SNN TINY_IDX WORK - the tool where the decimal point is a comma: it takes, prints and writes what it does
# elsewhere.
set -u
. "$(dirname "$0")/common.sh" "$@"

printf 'LC_NUMERIC\ndecimal_point ","\nthousands_sep "."\ngrouping 3\nEND LC_NUMERIC\n' >comma.txt
localedef -c -i ./comma.txt -f UTF-8 ./comma >log 2>&1
[ -e comma/LC_NUMERIC ] || { echo "no localedef here that makes locales (Debian: package locales): skipped"; exit \
    77; }

# train NAME: a run and what it leaves; the fifth column of the log and those behind it may be times.
train() {
    run 0 train --data idx:data --net 64-32-10 --epochs 2 --batch 50 --threads 1 --neuron.decay 0.25 --lr 0.05 \
        --save model.snn --csv log.csv --curves "$1.svg"
    tail -n 1 out >"$1.last"
    cut -d, -f1-4 log.csv >"$1.rows"
    awk -F, '{ print NF }' log.csv >"$1.columns"
    run 0 info model.snn
    cp out "$1.info"
}

train plain
# A library behind the readers of archives makes a locale when it is loaded, and newlocale() of glibc then keeps the
# list that it makes of LOCPATH: no leak of the tool's.
echo leak:__argz_add_sep >leaks.txt
export LSAN_OPTIONS="suppressions=$PWD/leaks.txt:print_suppressions=0"
export LOCPATH="$work" LC_ALL=comma
train comma
for part in last rows columns info svg; do
    same plain.$part comma.$part
done
refuses 2 "0,05" train --data idx:data --net 64-32-10 --lr 0,05
finish
