#!/bin/sh
# structs.sh SOURCE PROGRAM - every public function of libsnn, and every callback, that takes a sized structure has a
# row in the program `structs`, and answers as docs/abi.md says. The libraries beside it have tests of their own.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
source=$1 program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$source/include" && find snn -name '*.h' ! -name events.h ! -name images.h ! -name nir.h ! -name mpi.h \
    -exec awk -f "$here/declarations.awk" {} +) > "$work/declarations"
awk '
    $1 == "field" && $4 == "struct_size" { sized[$2] = 1 }
    $1 == "field" && /\(\*/ { name[++n] = $2; line[n] = $0 }
    $1 == "other" && match($0, /\(\*snn_[a-z0-9_]+\)\(/) {
        name[++n] = substr($0, RSTART + 2, RLENGTH - 4)
        line[n] = $0
    }
    $1 == "other" && / SNN_API / && match($0, /snn_[a-z0-9_]+\(/) {
        name[++n] = substr($0, RSTART, RLENGTH - 1)
        line[n] = $0
    }
    END {
        for (i = 1; i <= n; i++)
            for (type in sized)
                if (line[i] ~ "[ (]" type " [*]")
                    print name[i], type
    }' "$work/declarations" | sort > "$work/headers"
"$program" --list | sort > "$work/rows"
if ! diff "$work/headers" "$work/rows"; then
    echo "what takes a sized structure in include/snn (<) and the rows of structs_rows.c (>) differ"
    exit 1
fi
exec "$program"
