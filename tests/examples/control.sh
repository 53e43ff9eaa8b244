#!/bin/sh
# control.sh CONTROL_LOOP - the pole stands, the network learns to hold it, and the loop neither allocates nor calls the system.
set -eu
loop=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run FILE ARGUMENTS...
run() {
    file=$work/$1
    shift
    "$loop" "$@" >"$file" || { cat "$file"; exit 1; }
    grep -q 'the pole stands; allocations in the loop: 0' "$file" || { cat "$file"; exit 1; }
}

# sway FILE: mean angle in the last window
sway() {
    awk '/^ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+/ { angle = $2 } END { print angle }' "$work/$1"
}

run learn 20 0
run frozen 20 0 frozen
cat "$work/learn"
awk "BEGIN { exit !($(sway learn) < 0.6 * $(sway frozen)) }" ||
    { echo "the pole sways by $(sway learn) degrees with learning and $(sway frozen) without"; exit 1; }

if "$loop" 0 >"$work/out" 2>&1; then
    echo "no seconds at all were accepted"
    exit 1
fi

# As many system calls for 40 seconds as for 20: none between steps.
if command -v strace >/dev/null && strace -o "$work/20" "$loop" 20 0 >"$work/out" 2>&1; then
    strace -o "$work/40" "$loop" 40 0 >"$work/out"
    if grep -q '^clock_gettime' "$work/40"; then
        echo "system calls are not counted: the clock of this machine is one"
    else
        [ "$(wc -l <"$work/20")" -eq "$(wc -l <"$work/40")" ] ||
            { echo "$(wc -l <"$work/20") system calls in 20 seconds, $(wc -l <"$work/40") in 40"; exit 1; }
        echo "no system call between steps"
    fi
else
    echo "system calls are not counted: no strace"
fi
