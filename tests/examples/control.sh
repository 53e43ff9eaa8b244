#!/bin/sh
# control.sh CONTROL_LOOP - the pole stands, the network learns to hold it, and the loop neither allocates nor calls
# the system.
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

# calls FILE: system calls from the moment the context asks for its process to the first print. What the loader and
# another library's threads do before and after differs from run to run.
calls() {
    awk '/^getpid/ { on = 1 } on && /^(new)?fstat(at)?[(]1,/ { print n; exit } on { n++ }' "$work/$1"
}

# As many system calls for 40 seconds as for 20: none between steps.
if command -v strace >/dev/null && strace -o "$work/20" "$loop" 20 0 >"$work/out" 2>&1; then
    strace -o "$work/40" "$loop" 40 0 >"$work/out"
    if grep -q '^clock_gettime' "$work/40"; then
        echo "system calls are not counted: the clock of this machine is one"
    else
        few=$(calls 20)
        many=$(calls 40)
        [ "${few:-0}" -gt 0 ] || { echo "no system call was seen between the context and the first print"; exit 1; }
        [ "$few" = "$many" ] || { echo "$few system calls in 20 seconds, $many in 40"; exit 1; }
        echo "no system call between steps"
    fi
else
    echo "system calls are not counted: no strace"
fi
