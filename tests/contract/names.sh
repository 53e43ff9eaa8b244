#!/bin/sh
# names.sh SOURCE [map] - the functions that the public headers declare, sorted, one a line; with "map" the export
# list for the linker made of them, which is how lib/snn.map comes about: record.sh.
set -eu
export LC_ALL=C

# names FOLDER: those of the headers in it, without what is below
names() {
    sed -E 's/^(SNN_API )SNN_DEPRECATED\("[^"]*"\) /\1/' "$1"/*.h |
        sed -nE 's/^SNN_API [^(]*[ *](snn_[a-z0-9_]+)\(.*/\1/p' | sort
}

# node NAME FOLDER
node() {
    echo "$1 {"
    echo "    global:"
    names "$2" | sed 's/.*/        &;/'
}

public=$1/include/snn
# A declaration that the pattern above cannot read would silently stay inside the library.
for folder in "$public" "$public/sys"; do
    declared=$(cat "$folder"/*.h | grep -c '^SNN_API ')
    [ "$(names "$folder" | wc -l)" -eq "$declared" ] || {
        echo "names.sh: $declared lines in $folder begin with SNN_API, but not all are SNN_API type snn_name(" >&2
        exit 1
    }
done

if [ "${2:-}" = map ]; then
    node SNN_0.1 "$public"
    echo "    local:"
    echo "        *;"
    echo "};"
    node "SNN_SYS_$(sed -nE 's/^#define SNN_VERSION_STRING "([^"]+)".*/\1/p' "$public/version.h")" "$public/sys"
    echo "};"
else
    { names "$public" && names "$public/sys"; } | sort
fi
