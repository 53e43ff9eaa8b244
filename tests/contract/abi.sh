#!/bin/sh
# abi.sh SOURCE CC [record] - where every field of every public struct lies: offset, size, struct.field, a line each.
# "record" prints that; without it the lines of abi.txt must be these. Fields are appended, never moved, and leave no
# gap that a later one could slip into: a compiler leaves those of an older program unset.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$1 cc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

headers=$(cd "$source/include" && find snn -name '*.h' ! -path 'snn/sys/*' | sort) # what is under sys is not promised
{
    for header in $headers; do
        echo "#include <$header>"
    done
    cat << 'END'
#include <stddef.h>
#include <stdio.h>

static size_t end;

static void whole(const char *name, size_t size)
{
    printf("   0 %4zu %s\n", size, name);
    end = 0;
}

static void field(const char *name, size_t offset, size_t size)
{
    printf("%4zu %4zu %s%s\n", offset, size, name, offset == end ? "" : " AFTER A GAP");
    end = offset + size;
}

static void last(const char *name, size_t size)
{
    if (end != size)
        printf("%s ENDS IN A GAP\n", name);
}

int main(void)
{
END
    # shellcheck disable=SC2086  # a list of names
    (cd "$source/include" && awk -f "$here/declarations.awk" $headers) | awk '
        function over() { if (open != "") print "    last(\"" open "\", sizeof(" open "));" }
        $1 == "name" && $2 != open { over(); open = $2; print "    whole(\"" open "\", sizeof(" open "));" }
        $1 == "name" {
            print "    field(\"" $2 "." $3 "\", offsetof(" $2 ", " $3 "), sizeof(((" $2 " *)0)->" $3 "));"
        }
        END { over() }'
    echo "    return sizeof(void *) == 8 ? 0 : 77;"
    echo "}"
} > "$work/abi.c"
"$cc" -std=c11 -I"$source/include" "$work/abi.c" -o "$work/abi"
rc=0
"$work/abi" > "$work/abi.txt" || rc=$?
case $rc in
0) ;;
77 | 126) echo "the record is for pointers of 64 bits, and made where the program runs"; exit 77 ;;
*) exit "$rc" ;;
esac

if [ "${3:-}" = record ]; then
    cat "$work/abi.txt"
    exit
fi
diff "$source/tests/contract/abi.txt" "$work/abi.txt" || {
    echo "abi.txt (<) and include/snn (>) differ. Lines that were there stay as they are; the record is written by"
    echo "sh tests/contract/record.sh"
    exit 1
}
if grep GAP "$work/abi.txt"; then
    exit 1
fi
echo "$(grep -c '\.' "$work/abi.txt") fields hold"
