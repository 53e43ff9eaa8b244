#!/bin/sh
# run.sh [-j JOBS] [-b FOLDER] [-o FOLDER] SECONDS [TARGET...] - fuzzes each target for so many seconds, JOBS at a
# time.
#
#   -b  the folder of the binaries fuzz_TARGET; build-fuzz/bin, which `cmake --preset fuzz` and
#       `cmake --build --preset fuzz` make
#   -o  output folder, ./fuzz-out: OUT/corpus/TARGET, inputs that reach something new; OUT/findings/TARGET-*;
#       OUT/log
#
# Prints a line for each target. Ends with 1 if there is a finding, with 77 if there are no binaries. A finding is a
# crash, a leak, undefined behaviour, an input that takes more than 10 s, or memory out of proportion. Needs the
# binaries, this script, corpus and snn.dict beside it, and no compiler.
set -u
here=$(cd -- "$(dirname -- "$0")" && pwd)
jobs=1
binaries=$here/../../build-fuzz/bin
out=fuzz-out
while getopts j:b:o: flag; do
    case $flag in
    j) jobs=$OPTARG ;;
    b) binaries=$OPTARG ;;
    o) out=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | grep -v '^set'; exit 2; }
seconds=$1
shift
if [ $# -eq 0 ]; then
    for folder in "$here"/corpus/*/; do
        [ ! -x "$binaries/fuzz_$(basename "$folder")" ] || set -- "$@" "$(basename "$folder")"
    done
fi
[ $# -gt 0 ] && [ -x "$binaries/fuzz_$1" ] || { echo "run.sh: there is no $binaries/fuzz_$1"; exit 77; }
mkdir -p "$out/corpus" "$out/findings" "$out/log" || exit 1
out=$(cd "$out" && pwd)
scratch=$(mktemp -d "$( [ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}" )/snn-fuzz-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# one TARGET: the figures are libFuzzer's own.
one() {
    mkdir -p "$out/corpus/$1" "$scratch/$1"
    TMPDIR=$scratch/$1 ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1 \
        UBSAN_OPTIONS=print_stacktrace=1 \
        "$binaries/fuzz_$1" -max_total_time="$seconds" -max_len="$2" -timeout=10 -rss_limit_mb=1024 \
            -malloc_limit_mb=256 \
        -close_fd_mask=3 -print_final_stats=1 -dict="$here/snn.dict" -artifact_prefix="$out/findings/$1-" \
        "$out/corpus/$1" "$here/corpus/$1" >"$out/log/$1" 2>&1
    status=$?
    awk -v target="$1" -v status="$status" '
        { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1) } }
        /^Done [0-9]+ runs in/ { took = $5 }
        /stat::number_of_executed_units:/ { runs = $2 }
        /stat::peak_rss_mb:/ { peak = $2 }
        /^SUMMARY:|runtime error:|out of proportion/ && !why { why = $0 }
        END { printf "%-13s %10d executions %6d cov %7d ft %5s s %5d MiB  %s\n", target, runs, cov, ft, took, peak,
              status ? "FINDING: " why : "no finding" }' "$out/log/$1"
    return "$status"
}

# Largest input that is made: model files have to hold a network.
most() {
    case $1 in
    model | checkpoint) echo 16384 ;;
    cifar) echo 16384 ;;
    events*) echo 8192 ;;
    *) echo 4096 ;;
    esac
}

findings=0
running=
wait_first() {
    # shellcheck disable=SC2086  # a list of numbers
    set -- $running
    wait "$1" || findings=$((findings + 1))
    shift
    running="$*"
}
for target; do
    one "$target" "$(most "$target")" &
    running="$running $!"
    # shellcheck disable=SC2086
    set_of=$(set -- $running; echo $#)
    [ "$set_of" -lt "$jobs" ] || wait_first
done
while [ -n "${running# }" ]; do
    wait_first
done
echo "$findings with findings; inputs, findings and logs are in $out"
[ "$findings" -eq 0 ]
