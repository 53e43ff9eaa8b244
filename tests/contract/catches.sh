#!/bin/sh
# catches.sh SOURCE CC - what gate.sh refuses and what it lets pass, tried on changed copies of the interface that a
# release is said to have declared.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$1 cc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
soname=$(sed -nE "s/.* soname='([^']*)'.*/\1/p;q" "$source/tests/contract/libsnn.abi")
command -v python3 > /dev/null || { echo "Python is not installed: nothing was tried"; exit 77; }
rc=0
sh "$here/gate.sh" "$source" "$cc" > "$work/log" 2>&1 || rc=$?
[ "$rc" -ne 77 ] || { cat "$work/log"; exit 77; }

# copy: the interface as it is, declared.
copy() {
    tree=$(mktemp -d "$work/XXXXXX")
    mkdir -p "$tree/lib" "$tree/tests/contract"
    cp -r "$source/include" "$source/CHANGELOG.md" "$tree"
    cp "$source/lib/snn.map" "$tree/lib"
    cp "$source/tests/contract/libsnn.abi" "$tree/tests/contract"
    cp "$source/tests/contract/libsnn.abi" "$tree/tests/contract/$soname.abi"
}

# edit HEADER SCRIPT: changes a header by sed, and the export list with it.
edit() {
    sed -i -E "$2" "$tree/include/snn/$1"
    if cmp -s "$source/include/snn/$1" "$tree/include/snn/$1"; then
        echo "\"$2\" changes nothing in $1"
        exit 1
    fi
    sh "$here/names.sh" "$tree" map > "$tree/lib/snn.map"
}

record() {
    sh "$here/gate.sh" "$tree" "$cc" record > "$work/record"
    cp "$work/record" "$tree/tests/contract/libsnn.abi"
}

# says WORDS: the gate's answer.
says() {
    sh "$here/gate.sh" "$tree" "$cc" > "$work/log" 2>&1 || true
    grep -q "$1" "$work/log" || { cat "$work/log"; echo "the gate does not say \"$1\""; exit 1; }
}

# refused WHAT HEADER SCRIPT: as a change that was not recorded; recorded, as one that programs would not survive.
refused() {
    copy
    edit "$2" "$3"
    says "not the interface of this tree"
    record
    says "do not run with this library"
    echo "refused: $1"
}

refused "a changed type of an argument" layer.h '/ snn_layer_set_i64\(/s/int64_t/int32_t/'
refused "a removed function" version.h '/ snn_version\(/d'
refused "a reordered field" network.h '/ parameters;/{h;d}; / parameter_bytes;/G'
refused "a field in the midst" context.h '/ bytes; /s/^/    uint64_t later;/'
refused "a changed type of a field" context.h 's/uint64_t bytes;/double bytes;/'
refused "a changed type in a callback" trainer.h 's/(\(\*snn_progress_fn\)\()void \*/\1int /'
refused "another number" dataset.h 's/(SNN_SPLIT_TEST = )2/\13/'

copy
edit context.h 's/^\} snn_context_info;/    uint64_t later;\n&/
    s/^SNN_END_DECLS/SNN_API void snn_context_later(void);\n&/'
edit dataset.h 's/( *)SNN_SPLIT_FORCE32/\1SNN_SPLIT_LATER = 3,\n&/'
says "not the interface of this tree"
record
says "takes in that of"
echo "accepted: a field at the end, a function, a number"

# The change log speaks of it, in the same commit.
command -v git > /dev/null || exit 0
commit() {
    git -C "$tree" add .
    git -C "$tree" -c user.name=test -c user.email=test@invalid commit -q -m "$1"
}
copy
git -C "$tree" init -q
commit "as it is"
edit context.h 's/^SNN_END_DECLS/SNN_API void snn_context_later(void);\n&/'
record
says "no line under ABI"
commit "without a word"
says "in commit .*no line under ABI"
sed -i '0,/^### ABI/s//&\n\n- a line/' "$tree/CHANGELOG.md"
git -C "$tree" reset -q --soft HEAD^
says "takes in that of"
commit "with a line"
says "takes in that of"
echo "refused: a change without a line under ABI in CHANGELOG.md"
