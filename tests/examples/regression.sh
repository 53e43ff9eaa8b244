#!/bin/sh
# regression.sh SOURCE LIBRARY CC [CXX] - the programs in docs/regression.md, as a reader copies them: the first one
# of each language is taken out of the page, compiled and run, and learns its task. Python is left out where no Python
# has NumPy.
set -eu
source=$1 library=$2 cc=$3 cxx=${4:-}
. "$source/tests/examples/snippets.sh"
page=docs/regression.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# learns COMMAND...: it writes a model, and the last R2 that it prints is 0.95 or more.
learns() {
    echo "$*"
    rm -f product.snn
    "$@" | tee out
    [ -f product.snn ] || { echo "no model was written"; exit 1; }
    grep -oE 'R2 [0-9.]+' out | tail -n 1 | awk '{ r2 = $2 } END { exit !(r2 >= 0.95) }' ||
        { echo "R2 below 0.95"; exit 1; }
}

snippet $page c product.c
compile_c product.c product_c
learns ./product_c
if [ -n "$cxx" ]; then
    snippet $page cpp product.cpp
    compile_cpp product.cpp product_cpp
    learns ./product_cpp
fi
snippet $page python product.py
find_numpy
[ -n "$python" ] || { echo "no python3 with numpy here: Python is left out"; exit 0; }
learns "$python" product.py
