#!/bin/sh
# regression.sh SOURCE LIBRARY CC [CXX] - the programs in docs/regression.md, as a reader copies them: the first one
# of each language is taken out of the page, compiled and run, and learns its task. Python is left out where no Python
# has NumPy.
set -eu
source=$1 library=$2 cc=$3 cxx=${4:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
folder=$(dirname "$library")
export LD_LIBRARY_PATH="$folder" PYTHONPATH="$source/src/python" PYTHONDONTWRITEBYTECODE=1 SNN_LIBRARY="$library"

# program LANGUAGE FILE
program() {
    awk -v fence="\`\`\`$1" '$0 == "```" && on { exit } on { print } $0 == fence { on = 1 }' \
        "$source/docs/regression.md" > "$2"
    [ -s "$2" ] || { echo "docs/regression.md has no program in $1"; exit 1; }
}

# learns COMMAND...: it writes a model, and the last R2 that it prints is 0.95 or more.
learns() {
    echo "$*"
    rm -f product.snn
    "$@" | tee out
    [ -f product.snn ] || { echo "no model was written"; exit 1; }
    grep -oE 'R2 [0-9.]+' out | tail -n 1 | awk '{ r2 = $2 } END { exit !(r2 >= 0.95) }' ||
        { echo "R2 below 0.95"; exit 1; }
}

program c product.c
"$cc" -Wall -Wextra -Werror -I "$source/include" product.c -o product_c "$library" -lm
learns ./product_c
if [ -n "$cxx" ]; then
    program cpp product.cpp
    "$cxx" -std=c++17 -Wall -Wextra -Werror -I "$source/include" product.cpp -o product_cpp "$library"
    learns ./product_cpp
fi
program python product.py
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    if "$python" -c 'import numpy' > /dev/null 2>&1; then
        learns "$python" product.py
        exit
    fi
done
echo "no python3 with numpy here: Python is left out"
