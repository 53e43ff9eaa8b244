#!/bin/sh
# constants.sh SOURCE [record] - the values of the public enums, statuses and flags. "record" prints them; without it
# every line of constants.txt must still hold, and no public constant may be missing there. Values are appended, never
# reused, and no two keys of parameters are the same number, whatever they are keys of.
set -eu
export LC_ALL=C

constants() {
    sed -nE -e 's/^    (SNN_[A-Z0-9_]+) = (-?[0-9]+|0x[0-9a-f]+),?( .*)?$/\1 \2/p' \
        -e 's/^    X\((SNN_[A-Z_]+), (-?[0-9]+), .*/\1 \2/p' \
        -e 's/^#define (SNN_[A-Z_]+) ([0-9]+)u .*/\1 \2/p' "$1"/include/snn/*.h | grep -v '_FORCE32 ' | sort
}

if [ "${2:-}" = record ]; then
    constants "$1"
    exit
fi
constants "$1" | diff "$1/tests/contract/constants.txt" - || {
    echo "constants.txt (<) and include/snn (>) differ; the record is written by"
    echo "sh tests/contract/record.sh"
    exit 1
}

keys() {
    sed -nE '/^typedef enum snn_[a-z]+_key \{$/,/^\}/ s/^    (SNN_[A-Z0-9_]+) = ([0-9]+),.*/\2 \1/p' \
        "$1"/include/snn/*.h
}

[ "$(keys "$1" | wc -l)" -gt 100 ] || { echo "constants.sh cannot read the keys in include/snn"; exit 1; }
twice=$(keys "$1" | awk '{ print $1 }' | sort | uniq -d)
for key in $twice; do
    echo "key $key has two meanings:" $(keys "$1" | awk -v key="$key" '$1 == key { print $2 }')
done
[ -z "$twice" ]
echo "$(wc -l < "$1/tests/contract/constants.txt") constants hold, $(keys "$1" | wc -l) of them keys"
