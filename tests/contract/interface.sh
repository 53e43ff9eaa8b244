#!/bin/sh
# interface.sh SOURCE CC OUTPUT - a shared library of all public functions with empty bodies, and with debug
# information: what abidiff reads types from. It is the interface as the headers give it, without what is under sys.
# That of the library is the same one: no function is defined there but by the declaration in its header
# (-Wmissing-prototypes), and contract_symbols compares the names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$1" && pwd) cc=$2 output=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$source/include" && find snn -name '*.h' ! -path 'snn/sys/*' | sort) > "$work/headers"
{
    sed 's/.*/#include <&>/' "$work/headers"
    (cd "$source/include" && xargs awk -f "$here/declarations.awk" < "$work/headers") |
        sed -nE 's/^other (SNN_API .*)/\1 { __builtin_trap(); }/p'
} > "$work/interface.c"
sed '/^SNN_SYS/,$d' "$source/lib/snn.map" > "$work/interface.map"
node=$(sed -nE 's/^SNN_([0-9.]+) \{/\1/p' "$work/interface.map")
# In that folder, so that no path of this machine gets into the description.
(cd "$work" && "$cc" -std=c11 -g -O0 -fPIC -I"$source/include" -c interface.c -o interface.o)
"$cc" -shared "-Wl,--version-script=$work/interface.map,-soname,libsnn.so.$node" "$work/interface.o" -o "$output"
