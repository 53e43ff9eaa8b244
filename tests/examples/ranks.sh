#!/bin/sh
# ranks.sh RANKS_SOCKETS - the same parameters from any number of processes, forked or begun one by one; when one of
# them dies, the others end.
set -eu
ranks=$1
pids=
work=$(mktemp -d)
trap 'for pid in $pids; do kill "$pid" 2> /dev/null || true; done; rm -rf "$work"' EXIT

for n in 1 2 3 4; do
    timeout 120 "$ranks" "$n" > "$work/$n" || { cat "$work/$n"; echo "$n ranks failed"; exit 1; }
    cmp "$work/1" "$work/$n" || { cat "$work/1" "$work/$n"; echo "$n ranks end with other parameters"; exit 1; }
done
cat "$work/1"
grep -q "^parameters [0-9a-f]\{16\}$" "$work/1" || { echo "no check sum"; exit 1; }
tail -n 2 "$work/1" | grep -q "train \(9[5-9]\|100\)" || { echo "the network did not learn"; exit 1; }

# Two processes that find one another at ports that nobody else has, as a rule: another pair is tried if they were.
two() {
    hosts=127.0.0.1:$1,127.0.0.1:$(($1 + 1))
    timeout 60 "$ranks" 1 "$hosts" & other=$!
    timeout 60 "$ranks" 0 "$hosts" > "$work/two" && wait "$other"
}
port=$((20000 + $$ % 9000))
two "$port" || two $((port + 9000)) || two $((port + 18000))
cmp "$work/1" "$work/two" || { echo "two processes of their own end with other parameters"; exit 1; }

# A rank is killed: the others end within seconds, and say who did.
port=$((port + 27))
hosts=127.0.0.1:$port,127.0.0.1:$((port + 1)),127.0.0.1:$((port + 2))
for r in 0 1 2; do
    "$ranks" $r "$hosts" 1000000 > "$work/out.$r" 2> "$work/err.$r" &
    pids="$pids $!"
done
waited=0
until [ -s "$work/out.0" ]; do
    waited=$((waited + 1))
    [ $waited -lt 600 ] || { cat "$work"/err.*; echo "no epoch in a minute"; exit 1; }
    sleep 0.1
done
set -- $pids
kill -KILL "$3"
for pid in "$1" "$2"; do
    status=0
    wait "$pid" || status=$?
    [ $status = 1 ] || { cat "$work"/err.*; echo "exit status $status after the death of a rank"; exit 1; }
done
wait "$3" || true
cat "$work/err.0" "$work/err.1"
grep -q "SNN_ERR_IO: .*rank [012]" "$work/err.0" || { echo "rank 0 does not say why it ended"; exit 1; }
