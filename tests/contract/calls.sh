#!/bin/sh
# calls.sh SOURCE ARCHIVE NM OBJDUMP - the library prints nothing, ends no process, changes no state of the process,
# and has no global variable that can change. Looks at the objects of the static library.
set -eu
archive=$2 nm=$3 objdump=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$nm" -u "$archive" | awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' | sort -u > "$work/calls"
prints='_*(f|v|vf)?printf(_chk)?|puts|putchar|putc|fputc|perror|psignal|stdout|stderr|stdin'
ends='exit|_exit|_Exit|quick_exit|abort|__assert_fail|raise|kill|longjmp'
process='atexit|signal|sigaction|s?rand|setlocale|system|fork|exec[a-z]*|setenv|putenv'
if grep -xE "$prints|$ends|$process" "$work/calls"; then
    echo "the library may not use these"
    status=1
fi

"$objdump" -h "$archive" | awk '
    /file format/ { file = $1 }
    $2 ~ /^\.(data|bss)$/ || $2 ~ /^\.(data|bss)\./ && $2 !~ /\.ro/ {
        if ($3 !~ /^0+$/) print file " " $2 " 0x" $3 " bytes"
    }' > "$work/state"
"$nm" "$archive" | awk 'NF > 1 && $(NF - 1) == "C" { print "common symbol " $NF }' >> "$work/state"
if [ -s "$work/state" ]; then
    cat "$work/state"
    echo "these objects hold variables that outlive a call and are not constant"
    status=1
fi

[ "$status" -ne 0 ] || echo "no printing, no ending of the process, no global state"
exit "$status"
