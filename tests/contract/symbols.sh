#!/bin/sh
# symbols.sh SOURCE LIBRARY NM [COMPONENT] - headers, export list and shared library agree: every function that a
# header declares leaves the library, and nothing else does.
set -eu
export LC_ALL=C
source=$1 library=$2 nm=$3 component=${4:-}
map=lib/snn.map
[ -z "$component" ] || map=src/$component/$component.map
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sh "$source/tests/contract/names.sh" "$source" names "$component" > "$work/headers"
sh "$source/tests/contract/names.sh" "$source" map "$component" > "$work/map"
"$nm" -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u > "$work/library"

status=0
if ! diff "$source/$map" "$work/map"; then
    echo "$map (<) is not what the headers give (>): sh tests/contract/record.sh"
    status=1
fi
if ! diff "$work/headers" "$work/library"; then
    echo "declared in include/snn (<) and exported by the library (>) differ"
    status=1
fi
[ "$status" -ne 0 ] || echo "$(wc -l < "$work/headers") symbols agree"
exit "$status"
