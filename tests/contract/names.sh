#!/bin/sh
# names.sh SOURCE [names | map] [COMPONENT] - the functions that the public headers declare, sorted, one a line; with
# "map" the export list for the linker made of them, which is how lib/snn.map comes about: record.sh. A component
# (events, images, nir, mpi) is a library beside libsnn: its one header is snn/COMPONENT.h, its list
# src/COMPONENT/COMPONENT.map. "all" are the headers of all libraries.
set -eu
export LC_ALL=C

public=$1/include/snn
component=${3:-}

# headers FOLDER: those in it, without what is below, and of one library alone
headers() {
    case $component in
    '') find "$1" -maxdepth 1 -name '*.h' ! -name events.h ! -name images.h ! -name nir.h ! -name mpi.h ;;
    all) find "$1" -maxdepth 1 -name '*.h' ;;
    *) find "$1" -maxdepth 1 -name "$component.h" ;;
    esac
}

# names FOLDER: the functions of its headers
names() {
    headers "$1" | xargs cat | sed -E 's/^(SNN_API )SNN_DEPRECATED\("[^"]*"\) /\1/' |
        sed -nE 's/^SNN_API [^(]*[ *](snn_[a-z0-9_]+)\(.*/\1/p' | sort
}

# node NAME FOLDER
node() {
    echo "$1 {"
    echo "    global:"
    names "$2" | sed 's/.*/        &;/'
}

# A declaration that the pattern above cannot read would silently stay inside the library.
for folder in "$public" "$public/sys"; do
    declared=$(headers "$folder" | xargs cat | grep -c '^SNN_API ' || true)
    [ "$(names "$folder" | wc -l)" -eq "$declared" ] || {
        echo "names.sh: $declared lines in $folder begin with SNN_API, but not all are SNN_API type snn_name(" >&2
        exit 1
    }
done

if [ "${2:-}" = map ] && [ "$component" ]; then
    node "SNN_$(echo "$component" | tr a-z A-Z)_0.1" "$public"
    echo "    local:"
    echo "        *;"
    echo "};"
elif [ "${2:-}" = map ]; then
    node SNN_0.1 "$public"
    echo "    local:"
    echo "        *;"
    echo "};"
    node "SNN_SYS_$(sed -nE 's/^#define SNN_VERSION_STRING "([^"]+)".*/\1/p' "$public/version.h")" "$public/sys"
    echo "};"
else
    { names "$public" && names "$public/sys"; } | sort
fi
