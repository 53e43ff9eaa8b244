#!/bin/sh
# gate.sh SOURCE CC [LIBRARY] | SOURCE CC record - libsnn.abi describes the interface with all types: of arguments,
# results, fields, enumerators. "record" prints the description of this tree. Without it
#
# - the description in the repository is that of this tree, so that every change of the interface is seen in it;
# - who changed it last said so under ABI in CHANGELOG.md, in the same commit;
# - the description of a release, of the name SONAME.abi, still holds: to that one only functions, enumerators, and
#   fields at the ends of structures were added. Until there is one, nothing more is asked.
#
# A LIBRARY that carries debug information is compared as well.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$1" && pwd -P) cc=$2 library=${3:-}
described=tests/contract/libsnn.abi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v abidiff > /dev/null; then
    echo "abidiff is not installed (Debian: abigail-tools): types of the interface were not compared"
    exit 77
fi

describe() {
    abidw --no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed --no-parameter-names \
        --type-id-style hash "$1"
}

# machine FILE: what a description is for. Types have other sizes on another one.
machine() {
    sed -nE "s/.* architecture='([^']*)'.*/\1/p;q" "$1"
}

fail() {
    echo "$*" >&2
    exit 1
}

sh "$here/interface.sh" "$source" "$cc" "$work/interface.so"
describe "$work/interface.so" > "$work/interface.abi"
if [ "$library" = record ]; then
    cat "$work/interface.abi"
    exit
fi
cd "$source"
if [ "$(machine "$described")" != "$(machine "$work/interface.abi")" ]; then
    echo "the description is for $(machine "$described"): not compared on $(machine "$work/interface.abi")"
    exit 77
fi

abidiff --harmless "$described" "$work/interface.so" ||
    fail "$described is not the interface of this tree. If that is" \
    "meant: sh tests/contract/record.sh, and a line under ABI in CHANGELOG.md"
if [ -n "$library" ] && objdump -h "$library" | grep -q '\.debug_info'; then
    abidiff --no-added-syms "$described" "$library" || fail "$library is not what $described describes"
    echo "the library is what it is described to be"
fi

# said COMMIT: the part of the change log that speaks of the interface, there; of no commit: in the working tree.
said() {
    if [ -n "$1" ]; then git show "$1:CHANGELOG.md"; else cat CHANGELOG.md; fi | awk '/^##/ { on = /^### ABI/ } on'
}

if [ "$(git rev-parse --show-toplevel 2> /dev/null)" = "$source" ]; then
    if ! git diff --quiet HEAD -- "$described"; then
        before=HEAD after=
    else
        after=$(git log -1 --format=%H -- "$described") before=$after^
    fi
    if git rev-parse -q --verify "$before:CHANGELOG.md" > /dev/null &&
        [ "$(said "$before")" = "$(said "$after")" ]; then
        fail "$described changed${after:+ in commit $after}, and no line under ABI in CHANGELOG.md with it"
    fi
fi

declared=tests/contract/$(sed -nE "s/.* soname='([^']*)'.*/\1/p;q" "$described").abi
if [ ! -f "$declared" ]; then
    echo "the interface is as described; no release has declared it yet, and it may still change"
    exit
fi
command -v python3 > /dev/null || { echo "Python is not installed: not compared with $declared"; exit 77; }
python3 "$here/older.py" . "$work/older" "$declared"
mkdir "$work/older/lib"
cp lib/snn.map "$work/older/lib"
sh "$here/interface.sh" "$work/older" "$cc" "$work/older.so"
abidiff --no-added-syms "$declared" "$work/older.so" || fail "programs that were linked with" \
    "$(basename "$declared" .abi) do not run with this library: undo the change, or give the library another SONAME"
echo "the interface is as described, and takes in that of $(basename "$declared" .abi)"
