#!/bin/sh
# names.sh SOURCE [map] - the functions that the public headers declare, sorted, one a line; with "map" the export list
# for the linker made of them, which is how lib/snn.map comes about:
#
#     sh tests/contract/names.sh . map > lib/snn.map
set -eu
export LC_ALL=C

names() {
    sed -E 's/^(SNN_API )SNN_DEPRECATED\("[^"]*"\) /\1/' "$1"/include/snn/*.h |
        sed -nE 's/^SNN_API [^(]*[ *](snn_[a-z0-9_]+)\(.*/\1/p' | sort
}

# A declaration that the pattern above cannot read would silently stay inside the library.
declared=$(cat "$1"/include/snn/*.h | grep -c '^SNN_API ')
[ "$(names "$1" | wc -l)" -eq "$declared" ] || {
    echo "names.sh: $declared lines begin with SNN_API, but not all have the form SNN_API type snn_name(" >&2
    exit 1
}

if [ "${2:-}" = map ]; then
    echo "SNN_0.1 {"
    echo "    global:"
    names "$1" | sed 's/.*/        &;/'
    echo "    local:"
    echo "        *;"
    echo "};"
else
    names "$1"
fi
