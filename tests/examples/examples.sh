#!/bin/sh
# examples.sh TINY_IDX IDX_TRAIN [HOST] - the compiled examples run on small data, learn it, and say what is wrong
# without data.
set -eu
tiny_idx=$1 idx_train=$2 host=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$tiny_idx" "$work"

# at_least PERCENT: the last line that names a test accuracy reaches it.
at_least() {
    sed -n 's/.*test \([0-9.]*\)%.*/\1/p' | tail -n 1 | awk -v floor="$1" '
        { seen = 1; if ($1 < floor) { print "test accuracy " $1 " is below " floor; exit 1 } }
        END { if (!seen) { print "no test accuracy in the output"; exit 1 } }'
}

for method in ottt sltt bptt; do
    "$idx_train" "$work" "$method" 2 "$work/$method.snn" > "$work/log" || { cat "$work/log"; exit 1; }
    cat "$work/log"
    at_least 90 < "$work/log"
    [ -s "$work/$method.snn" ] || { echo "idx_train saved no model"; exit 1; }
done

if "$idx_train" "$work/nowhere" > "$work/log" 2>&1; then
    echo "idx_train succeeded without data"
    exit 1
fi
grep -q "SNN_ERR_IO: .*nowhere" "$work/log" || {
    cat "$work/log"; echo "the message does not name the folder"; exit 1; }

if [ -n "$host" ]; then
    "$host" 10 > "$work/log" || { cat "$work/log"; exit 1; }
    cat "$work/log"
    grep bptt "$work/log" | at_least 90
    grep ottt "$work/log" | at_least 90
fi
