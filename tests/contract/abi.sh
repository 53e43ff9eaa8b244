#!/bin/sh
# abi.sh SOURCE PROGRAM - every struct of the public headers is in the table of the program `abi`, and laid out as
# recorded.
set -eu
source=$1 program=$2

sed -nE 's/^typedef struct (snn_[a-z_]+) \{.*/\1/p' "$source"/include/snn/*.h | while read -r struct; do
    grep -q " $struct\$" "$source/tests/contract/abi.txt" ||
        { echo "$struct is missing in abi.c and abi.txt"; exit 1; }
done
exec "$program" "$source/tests/contract/abi.txt"
