#!/bin/sh
# older.sh SOURCE FOLDER CC STRUCTS TINY_IDX TODAY OLDER - programs that were compiled when every structure lacked its
# last field run with the library of today. FOLDER/include holds the headers of that time; STRUCTS, TODAY and OLDER
# are programs: the calls, and an example compiled against both.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$1 folder=$2 cc=$3 structs=$4 tiny_idx=$5 today=$6 older=$7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# They are older: every structure with a size of its own is smaller, and all fields that it has lie where they lie.
rc=0
sh "$here/abi.sh" "$folder" "$cc" record > "$work/layout" || rc=$?
if [ "$rc" -eq 0 ]; then
    awk 'NR == FNR { at[$3] = $1; size[$3] = $2; next }
        /struct_size/ { sub(/\..*/, "", $3); sized[++n] = $3 }
        /\./ && ($3 in at) && at[$3] != $1 { print $3, "lies elsewhere"; bad = 1 }
        { older[$3] = $2 }
        END {
            for (i = 1; i <= n; i++)
                if (older[sized[i]] >= size[sized[i]]) { print sized[i], "is not smaller"; bad = 1 }
            exit bad
        }' "$source/tests/contract/abi.txt" "$work/layout"
elif [ "$rc" -ne 77 ]; then
    exit "$rc"
fi

"$structs" --older

"$tiny_idx" "$work"
for program in "$today" "$older"; do
    "$program" "$work" ottt 2 "$work/model" | sed 's/ *[0-9]* samples.s$//' > "$work/log" # the rate differs
    cat "$work/model" >> "$work/log"
    mv "$work/log" "$work/$(basename "$program").log"
done
cmp "$work/$(basename "$today").log" "$work/$(basename "$older").log"
echo "an example trained the same network, compiled against both"
