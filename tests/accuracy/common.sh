# shellcheck shell=sh
# common.sh SNN OUT [PATTERN] - sourced by the accuracy runs with their arguments, after they said in `needs` which
# folders SNN_DATA holds: which rows are wanted, what was checked, how the seeds of a row spread.

snn=$1
out=$2
pattern=${3:-*}
passed=0
failed=0

if [ -z "${SNN_DATA:-}" ]; then
    echo "skipped: set SNN_DATA to the folder that holds $needs"
    exit 77
fi
mkdir -p "$out"

# wanted NAME: whether the pattern asks for this row
wanted() {
    # shellcheck disable=SC2254 # it is meant as a pattern
    case $1 in $pattern) ;; *) return 1 ;; esac
}

# accuracy NAME: of a run that has ended, in per cent
accuracy() {
    sed -n 's/^test accuracy \([0-9.]*\)%$/\1/p' "$out/$1.txt" 2>/dev/null
}

# spread NUMBER...: mean and deviation
spread() {
    printf '%s\n' "$@" | awk '
        { n++; sum += $1; square += $1 * $1 }
        END {
            mean = sum / n
            v = n > 1 ? (square - n * mean * mean) / (n - 1) : 0
            printf "%.10f %.10f\n", mean, (v > 0 ? sqrt(v) : 0)
        }'
}

# check TEXT CONDITION: an expression of awk in figures
check() {
    if awk "BEGIN { exit !($2) }"; then
        passed=$((passed + 1))
        printf 'passed: %s\n' "$1"
    else
        failed=$((failed + 1))
        printf 'failed: %s (%s)\n' "$1" "$2"
    fi
}

finish() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ]
}
