#!/bin/sh
# live.sh SNN TINY_IDX WORK MAKE_EVENTS SEND_EVENTS - snn run: recordings, pipes and sockets, in time and as fast as
# it goes; learning; floods, steps of the clock, pauses. Nothing here depends on how fast the machine is.
set -eu
. "$(dirname -- "$0")/common.sh"
make_events=$4
send_events=$5

run 0 train --data idx:data --net 64-20-10 --epochs 1 --batch 25 --normalise none --save m.snn --quiet
"$make_events" . 2000
fit="--sensor 100x100 --frames.polarity one --frames.width 8 --frames.height 8"
live="run m.snn $fit"

# windows FILE: its lines without the latency, which no two runs share
windows() {
    sed -n 's/  [0-9.]* ms$//p' "$1"
}

# figure NAME FILE: of the last summary in JSON
figure() {
    sed -n 's/.*"event":"summary".*"'"$1"'":\([0-9]*\).*/\1/p' "$2" | tail -n 1
}

# is NAME VALUE: a figure of `out`
is() {
    [ "$(figure "$1" out)" = "$2" ] || { bad "$1 is $(figure "$1" out), not $2"; tail -n 1 out; }
}

# ---- a recording, from file and pipe, in several formats, in time and as fast as it goes

run 0 $live --events csv --pace fast
windows out >lines
[ "$(wc -l <lines)" -eq 114 ] || bad "$(wc -l <lines) windows"
has out "windows    114 of 10 ms: 114 run" "0 dropped" "events     2,000, 0 too late" "latency    p50 " "memory "
for format in evt3 aedat4 dat; do
    run 0 $live --events $format --pace fast
    windows out | cmp - lines || bad "$format: other windows"
    run 0 $live --events - --pace fast <$format
    windows out | cmp - lines || bad "$format from a pipe: other windows"
done
run 0 $live --events evt3 --speed 20 --buffer 4096
windows out | cmp - lines || bad "in time: other windows"
cat evt3 | run 0 $live --events - --speed 20 --buffer 4096 --json # cat may pause, and its time with it
is events 2000
is late 0
is dropped 0
run 0 $live --events csv --pace fast --json --outputs --quiet
is windows 114
is events 2000
[ "$(wc -l <out)" -eq 1 ] || bad "--quiet is not quiet"
run 0 $live --events csv --pace fast --json --outputs --windows 3
[ "$(grep -c '"event":"window".*"outputs":\[' out)" -eq 3 ] || bad "not three windows"

# ---- times that are no order, steps of the clock, other lengths

printf '0,1,1,1\n20000,1,1,1\n15000,1,1,1\n1099511627776,1,1,1\n1099511627777,1,1,0\n5,1,1,1\n' >times
run 0 $live --events - --pace fast --json <times
is windows 5
is late 1
is clock_steps 2
is silent 1
run 0 $live --events - --pace fast --json --jump 1ms <times
is clock_steps 4
run 0 $live --events - --json --speed 1000 --buffer 100 <times
is windows 5
is events 5
run 0 $live --events - --pace fast --json --window 500us <times
is windows 43
printf '' >none
refuses 1 "no known format" $live --events - <none

# ---- labels and learning

awk 'BEGIN { for (i = 0; i < 400; i++) printf "%d,%d,%d,1,%d\n", i * 2500, i % 8 * 12, i / 8 % 8 * 12, i / 40 % 2 }' \
    >labelled
run 0 $live --events labelled --pace fast --learn --lr 0.01 --save learned.snn
has out "learned    100 windows" "of 100 windows that have a label" "class " "loss "
there learned.snn
if cmp -s learned.snn m.snn; then
    bad "nothing was learned"
fi
run 0 info learned.snn
printf '\357\273\277t,label\r\n0,1\r\n500000,-1\r\n' >label.csv # of a spreadsheet
run 0 $live --events labelled --pace fast --labels label.csv --json
[ "$(grep -c '"label":1' out)" -eq 50 ] || bad "not 50 windows with the label of the file"
run 0 $live --events csv --pace fast --learn
has err "no window has a label"
refuses 2 "--save goes with --learn" $live --events csv --save x.snn
refuses 2 "go with --learn" $live --events csv --lr 0.1
printf '0,1,1,1,77\n' >far
run 1 $live --events far --pace fast --learn
has err "SNN_ERR_ARGUMENT"
printf '5,1\n1,1\n' >label.csv
refuses 1 "line 2 is of an earlier time" $live --events csv --labels label.csv
printf '0,1\nx\n' >label.csv
refuses 1 "line 2 is not t,label" $live --events csv --labels label.csv

# ---- a model of recordings needs no flags, and says of each what its evaluation says

for split in train test; do
    for class in 0 1 2; do
        mkdir -p set/$split/$class
        for sample in 1 2 3 4; do # columns of a class, and those of any
            awk -v c=$class -v s=$sample -v test=$split 'BEGIN {
                print "# sensor 12x9"
                for (i = 0; i < 200; i++)
                    printf "%d,%d,%d,1\n", i * 500, i % 3 ? (i * (s + length(test))) % 12 : c * 4 + i % 4, i * s % 9
            }' >set/$split/$class/$sample.csv
        done
    done
done
run 0 train --data folders:set --net 216-40-3 --frames.cut bins --frames.dt 10000 --steps 10 --epochs 3 --batch 4 \
    --save set.snn --quiet
accuracy=$(tail -n 1 out)
right=0
for class in 0 1 2; do
    for sample in 1 2 3 4; do
        run 0 run set.snn --events set/test/$class/$sample.csv --pace fast --windows 10
        [ "$(windows out | tail -n 1 | sed 's/.*class //')" != $class ] || right=$((right + 1))
    done
done
[ "$accuracy" = "$(awk "BEGIN { printf \"test accuracy %.2f%%\", 100 * $right / 12 }")" ] ||
    bad "$accuracy in evaluation, $right of 12 live"

# ---- what is wrong

refuses 2 "no model given" run
refuses 2 "no events given" run m.snn
refuses 2 "is neither real nor fast" $live --events csv --pace slow
refuses 2 "--speed goes with --pace real" $live --events csv --pace fast --speed 2
refuses 2 "is no time" $live --events csv --window 10
refuses 2 "is not WxH" $live --events csv --sensor 10
refuses 2 "is not udp://HOST:PORT" $live --events udp://127.0.0.1
refuses 2 "the port is not a whole number from 0 to 65535" $live --events udp://127.0.0.1:65536 --format csv
refuses 2 "datagrams do not show what they are" $live --events udp://127.0.0.1:0
refuses 1 "SNN_ERR_IO: absent" $live --events absent
refuses 1 "the network takes 1x8x8; events of a sensor of 100x100 make frames of 2x100x100" run m.snn --events evt3
printf '0,1,1,1\nno event\n' >bad
run 1 $live --events bad --pace fast
has err "line 2 is no event"
has out "windows    1 of 10 ms"

# ---- a pipe that stalls, and signals

mkfifo pipe
: >err
: >out
"$snn" $live --events - --learn --save stopped.snn <pipe >out 2>err &
child=$!
exec 3>pipe
printf '0,1,1,1,2\n5000,1,1,1,2\n' >&3
has_lines() { # windows end by the clock, though nothing comes
    [ "$(wc -l <out)" -ge 4 ]
}
await has_lines
has_lines || bad "a silent pipe ends no windows"
kill -USR1 $child
asked() {
    grep -q "^latency " err
}
await asked
asked || bad "no figures on SIGUSR1"
printf '7000,1,1,1,2\n' >&3 # its time had stopped
resumed() {
    [ "$(grep -c "^ *0.0[0-9]* s  *1 events" out)" -ge 1 ]
}
await resumed
resumed || bad "events after a pause are lost"
kill -INT $child
status=0
wait $child || status=$?
exec 3>&-
[ "$status" -eq 130 ] || bad "SIGINT: exit status $status"
has err "interrupted by SIGINT"
has out "windows " "latency " "0 too late"
there stopped.snn

# ---- sockets

# listen FORMAT ARGUMENTS...: runs in the background, until it has said where it waits
listen() {
    format=$1
    shift
    : >err
    "$snn" $live --events udp://127.0.0.1:0 --format "$format" "$@" >out 2>err &
    child=$!
    await grep -q "waiting at udp://127.0.0.1:" err
    port=$(sed -n 's/.*udp:.*:\([0-9]*\)$/\1/p' err)
}

# heard STATUS: it has ended
heard() {
    status=0
    wait $child || status=$?
    [ "$status" -eq "$1" ] || { bad "exit status $status"; cat err; }
}

listen csv --pace fast
if [ -z "$port" ]; then
    kill $child || true
    echo "no sockets here: the rest is left out"
    finish
fi
kill -TERM $child
heard 130
listen csv --pace fast --quiet
kill -USR1 $child # before the first event
"$send_events" csv csv "$port"
heard 0
has err "windows "
for format in csv evt3 aedat4; do
    listen $format --pace fast --buffer 4096
    "$send_events" $format $format "$port"
    heard 0
    windows out | cmp - lines || { bad "$format from a socket: other windows"; cat out err; }
done

# Windows come far faster than they are taken, in gaps that the buffer cannot hold: memory does not grow.
awk 'BEGIN { for (i = 0; i < 200; i++) printf "%d,%d,5,1\n", i * 100000, i % 100 }' >flood
for times in 50 1000; do
    listen csv --window 1ms --json --quiet
    "$send_events" flood csv "$port" $times
    heard 0
    [ "$(figure dropped out)" -gt 1000 ] || bad "$(figure dropped out) windows dropped of a flood"
    figure peak_resident_bytes out >memory.$times
    echo "flood of $times: $(figure dropped out) windows dropped, $(figure datagrams_lost out) datagrams lost," \
        "$(cat memory.$times) bytes resident"
done
[ "$(cat memory.1000)" -le $(($(cat memory.50) + 2000000)) ] || bad "memory grows: $(cat memory.50 memory.1000)"

# Damaged, cut off.
printf '0,1,1,1\n10,x,1,1\n' >bad
listen csv --json
"$send_events" bad csv "$port" 3
heard 0
is datagrams_damaged 3
printf '\37\213\1\140\5\0\1\50\7' >odd # words of EVT 3.0 that begin as gz does, and half a one
listen evt3 --json
"$send_events" odd evt3 "$port"
heard 0
is datagrams_cut 1
is events 1
printf '#!AER-DAT4.0\r\n\10\0\0\0\377\377\377\377\377\377\377\377' >odd # a header that tells nothing
listen aedat4
"$send_events" odd aedat4 "$port"
heard 1
finish
