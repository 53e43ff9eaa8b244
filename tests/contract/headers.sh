#!/bin/sh
# headers.sh SOURCE CC [CXX] - every public header compiles alone, and twice in a row, as C99, C11 and C++11, without
# a warning.
set -eu
source=$1 cc=$2 cxx=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strict="-Wall -Wextra -Wpedantic -Wshadow -Wundef -Werror -fsyntax-only -I$source/include"

count=0
for header in "$source"/include/snn/*.h "$source"/include/snn/sys/*.h; do
    name=${header#"$source"/include/}
    printf '#include <%s>\n#include <%s>\nextern int snn_unit_is_not_empty;\n' "$name" "$name" > "$work/unit.c"
    cp "$work/unit.c" "$work/unit.cpp"
    for standard in c99 c11; do
        # shellcheck disable=SC2086  # a list of flags
        "$cc" -std=$standard -Wstrict-prototypes $strict "$work/unit.c" ||
            { echo "$name fails as $standard"; exit 1; }
    done
    if [ -n "$cxx" ]; then
        # shellcheck disable=SC2086
        "$cxx" -std=c++11 -Wold-style-cast $strict "$work/unit.cpp" || { echo "$name fails as C++11"; exit 1; }
    fi
    count=$((count + 1))
done
echo "$count headers compile alone as C99, C11${cxx:+ and C++11}"
