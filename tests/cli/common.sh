# shellcheck shell=sh
# common.sh SNN TINY_IDX WORK - sourced by the tests of the command line tool: a fresh directory with the tiny data
# set, and ways to run the tool and to say what must hold.

snn=$1
tiny_idx=$2
work=$3
failures=0

rm -rf "$work"
mkdir -p "$work/data"
"$tiny_idx" "$work/data"
cd "$work" || exit 1

# run STATUS ARGUMENTS...: runs the tool, output in `out` and `err`; its exit status must be STATUS.
run() {
    want=$1
    shift
    got=0
    "$snn" "$@" >out 2>err || got=$?
    if [ "$got" -ne "$want" ]; then
        bad "snn $*: exit status $got instead of $want"
        sed 's/^/    /' out err
    fi
}

bad() {
    printf 'FAIL: %s\n' "$*"
    failures=$((failures + 1))
}

# await COMMAND...: waits until it succeeds, half a minute at most
await() {
    waited=0
    until "$@" || [ $waited -ge 1500 ]; do
        waited=$((waited + 1))
        sleep 0.02
    done
}

# Whether cut.csv has its first epoch: then signals are handled.
has_epoch() {
    [ -s cut.csv ] && [ "$(wc -l <cut.csv)" -ge 2 ]
}

# has FILE TEXT...: every text must occur in the file.
has() {
    file=$1
    shift
    for text; do
        grep -qF -e "$text" "$file" || {
            bad "$file lacks \"$text\":"
            head -n 20 "$file" | sed 's/^/    /'
        }
    done
}

# hasnt FILE TEXT
hasnt() {
    if grep -qF -e "$2" "$1"; then
        bad "$1 contains \"$2\""
    fi
}

# same FILE FILE: the same bytes.
same() {
    cmp "$1" "$2" || bad "$1 and $2 differ"
}

# there FILE...: not empty.
there() {
    for file; do
        [ -s "$file" ] || bad "$file is missing or empty"
    done
}

# refuses STATUS TEXT ARGUMENTS...: the tool must fail with the status and a message, on standard error alone.
refuses() {
    text=$2
    status=$1
    shift 2
    run "$status" "$@"
    has err "$text"
    [ ! -s out ] || bad "snn $*: wrote to standard output although it failed"
}

finish() {
    [ "$failures" -eq 0 ] || {
        printf '%d checks failed\n' "$failures"
        exit 1
    }
    exit 0
}
