#!/bin/sh
# readme.sh SOURCE LIBRARY CC - the programs in README.md print what the page says that they print. They compile
# without data; they run where Fashion-MNIST is: in the folder that they name, or in SNN_DATA.
set -eu
source=$1 library=$2 cc=$3
. "$source/tests/examples/snippets.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
named=/usr/share/datasets/fashion-mnist

# page LANGUAGE FILE: the program; it reads the data set that is here.
page() {
    snippet README.md "$1" "$2"
    grep -q "$named" "$2" || { echo "README.md, $1: it does not read $named"; exit 1; }
    sed "s|$named|$data|" "$2" > changed && mv changed "$2"
}

# prints N COMMAND...: what the Nth block of output on the page says.
prints() {
    snippet README.md text page "$1"
    shift
    echo "$*"
    "$@" | tee printed
    agrees page printed
}

data=
for folder in "$named" "${SNN_DATA:-/nonexistent}/fashion-mnist"; do
    [ ! -e "$folder/train-images-idx3-ubyte.gz" ] || { data=$folder; break; }
done

page c first.c
compile_c first.c first
page python first.py
[ -n "$data" ] || { echo "skipped: no Fashion-MNIST in $named or SNN_DATA"; exit 77; }
prints 1 ./first
[ -s fashion.snn ] || { echo "no model was written"; exit 1; }
find_numpy
[ -n "$python" ] || { echo "no python3 with numpy here: Python is left out"; exit 0; }
prints 2 "$python" first.py
