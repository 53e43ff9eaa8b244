#!/bin/sh
# linked.sh SOURCE OBJDUMP HARDENED FILE... - where the loader looks for libraries: in no folder that depends on where
# a program is started. And, in a hardened build, what it has resolved is read-only.
set -eu
objdump=$2 hardened=$3
shift 3

status=0
for file in "$@"; do
    "$objdump" -p "$file" > /dev/null
    paths=$("$objdump" -p "$file" | sed -nE 's/^ *(RUNPATH|RPATH) +//p')
    case ":$paths:" in
    *::*) [ -z "$paths" ] || { echo "$file: \"$paths\" has an empty entry, which is the current folder"; status=1; } \
        ;;
    esac
    for path in $(echo "$paths" | tr ':' '\n'); do
        case $path in
        /* | "\$ORIGIN" | "\$ORIGIN"/*) ;;
        *) echo "$file: \"$path\" is a folder under the current one"; status=1 ;;
        esac
    done
    [ "$hardened" = ON ] || continue
    "$objdump" -p "$file" | grep -q RELRO || { echo "$file: the loader's tables stay writable"; status=1; }
    "$objdump" -p "$file" | grep -qE 'FLAGS +0x0*8|BIND_NOW' || {
        echo "$file: functions are resolved when they are called first"; status=1; }
    "$objdump" -T "$file" | grep -q '__stack_chk_fail' || { echo "$file: the stack is not guarded"; status=1; }
done
[ "$status" -ne 0 ] || echo "$# files look for libraries in fixed folders"
exit "$status"
