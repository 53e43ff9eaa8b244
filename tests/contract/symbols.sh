#!/bin/sh
# symbols.sh SOURCE LIBRARY NM - headers, export list and shared library agree: every function that a header declares
# leaves the library, and nothing else does.
set -eu
export LC_ALL=C
source=$1 library=$2 nm=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sh "$source/tests/contract/names.sh" "$source" > "$work/headers"
sh "$source/tests/contract/names.sh" "$source" map > "$work/map"
"$nm" -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u > "$work/library"

status=0
if ! diff "$source/lib/snn.map" "$work/map"; then
    echo "lib/snn.map (<) is not what the headers give (>): sh tests/contract/record.sh"
    status=1
fi
if ! diff "$work/headers" "$work/library"; then
    echo "declared in include/snn (<) and exported by the library (>) differ"
    status=1
fi
[ "$status" -ne 0 ] || echo "$(wc -l < "$work/headers") symbols agree"
exit "$status"
