#!/bin/sh
# namespaces.sh RANKS RATE DELAY PROGRAM [ARGS...] - ranks of a program, each behind a network card of its own.
#
# Every rank runs in a network namespace, joined to the others by a pair of virtual cards and a bridge. What a card
# sends is limited to RATE (as tc has it: 1gbit, 100mbit; 0: no limit) and delayed by DELAY microseconds. PROGRAM
# ARGS... --rank R --hosts HOST:PORT,... is started for every rank. `tc netem` does both, where the kernel has it.
# Else `tc tbf` limits the rate, and the program is told to delay by itself: --latency DELAY. Needs root and iproute2;
# what it sets up is gone when it ends. Ends with 77 where that cannot be set up.
set -eu
[ $# -ge 4 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
ranks=$1 rate=$2 delay=$3
shift 3
name=snn$$
pids=

clean() {
    status=$?
    for pid in $pids; do kill "$pid" 2> /dev/null || true; done
    for space in hub $(seq 0 $((ranks - 1))); do ip netns del "$name-$space" 2> /dev/null || true; done
    [ $status = 0 ] || exit "${failed:-$status}"
}
trap clean EXIT
trap 'exit 1' INT TERM

failed=77 # until all is set up
ip netns add "$name-hub"
ip -n "$name-hub" link add bridge type bridge
ip -n "$name-hub" link set bridge up

# slow NAMESPACE: what its card sends. A queue of a second loses nothing.
delays=program
slow() {
    netem="delay ${delay}us limit 100000"
    [ "$rate" = 0 ] || netem="$netem rate $rate"
    if ip netns exec "$1" tc qdisc add dev card root netem $netem 2> /dev/null; then
        delays=network
    elif [ "$rate" != 0 ]; then
        ip netns exec "$1" tc qdisc add dev card root tbf rate "$rate" burst 128kb limit 64mb
    fi
}

hosts=
for r in $(seq 0 $((ranks - 1))); do
    ip netns add "$name-$r"
    ip -n "$name-hub" link add "port$r" type veth peer name card netns "$name-$r"
    ip -n "$name-hub" link set "port$r" master bridge up
    ip -n "$name-$r" addr add "10.77.0.$((r + 1))/24" dev card
    ip -n "$name-$r" link set card up
    ip -n "$name-$r" link set lo up
    slow "$name-$r"
    hosts=$hosts${hosts:+,}10.77.0.$((r + 1)):5$((100 + r))
done
[ $delays = network ] || [ "$delay" = 0 ] || {
    echo "namespaces.sh: the kernel has no netem: the program delays" >&2
    set -- "$@" --latency "$delay"
}

failed=
for r in $(seq 0 $((ranks - 1))); do
    ip netns exec "$name-$r" "$@" --rank "$r" --hosts "$hosts" &
    pids="$pids $!"
done
status=0
for pid in $pids; do wait "$pid" || status=1; done
pids=
exit $status
