#!/bin/sh
# format.sh SOURCE [layout] - no line of the source is wider than 118 characters, and none of the pages but rows of
# tables and lines with an address. With "layout", where clang-format 14 is installed, every C and C++ file is as it
# leaves it (.clang-format). To mend one: clang-format-14 -i FILE.
set -eu
cd "$1"
status=0

# files PATTERN...: of those folders that hold code, one name a line.
files() {
    find include lib src examples tests packaging -type d \( -name __pycache__ -o -name build \) -prune \
        -o -type f "$@" -print | sort
}

programs=$(files \( -name '*.c' -o -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.inc' \))
scripts=$(files \( -name '*.py' -o -name '*.sh' -o -name '*.cmake' -o -name CMakeLists.txt \))
pages=$(find . -path ./docs -prune -o -maxdepth 1 -name '*.md' -print; find docs -name '*.md')

# Characters, not bytes: pages have signs of two.
export LC_ALL=C.UTF-8
# shellcheck disable=SC2086  # lists of words
wide=$(grep -nE '^.{119}' $programs $scripts CMakeLists.txt || true
    grep -nE '^.{119}' $pages | grep -vE '^[^:]*:[0-9]+:( *\||.*https?://)' || true)
if [ -n "$wide" ]; then
    echo "$wide" | cut -c 1-100
    echo "these lines are wider than 118 characters"
    status=1
fi

if [ "${2:-}" = layout ]; then
    for formatter in clang-format-14 clang-format ""; do
        [ -n "$formatter" ] && "$formatter" --version 2>/dev/null | grep -q 'version 14\.' && break
    done
    if [ -z "$formatter" ]; then
        echo "clang-format 14 is not installed: the layout was not compared"
    else
        for file in $programs; do
            "$formatter" "$file" | cmp -s - "$file" || { echo "$file is not as clang-format leaves it"; status=1; }
        done
    fi
fi
[ $status -ne 0 ] || echo "$(echo "$programs" "$scripts" "$pages" | wc -w) files are within 118 characters"
exit $status
