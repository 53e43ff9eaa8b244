# shellcheck shell=sh
# snippets.sh - sourced by the tests of pages: takes programs and their outputs out of a page, as a reader copies
# them. The caller has set `source`, the tree, and `library`, the shared library.

export LD_LIBRARY_PATH="${library%/*}" PYTHONPATH="$source/src/python" PYTHONDONTWRITEBYTECODE=1 \
    SNN_LIBRARY="$library"

# snippet PAGE LANGUAGE FILE [N]: the Nth block of a language in a page, the first one unless N says otherwise.
snippet() {
    awk -v fence="\`\`\`$2" -v n="${4:-1}" '
        $0 == "```" { on = 0 }
        on { print }
        $0 == fence { on = ++seen == n }' "$source/$1" > "$3"
    [ -s "$3" ] || { echo "$1 has no block ${4:-1} of $2"; exit 1; }
}

# compile_c FILE PROGRAM, compile_cpp FILE PROGRAM
compile_c() {
    "$cc" -O2 -Wall -Wextra -Werror -I "$source/include" "$1" -o "$2" "$library" -lm
}
compile_cpp() {
    "$cxx" -std=c++17 -O2 -Wall -Wextra -Werror -I "$source/include" "$1" -o "$2" "$library"
}

# find_numpy: sets `python` to a Python that has NumPy, or to nothing.
find_numpy() {
    for python in "${PYTHON:-python3}" /usr/bin/python3 ''; do
        [ -z "$python" ] || ! "$python" -c 'import numpy' > /dev/null 2>&1 || break
    done
}

# agrees PAGE PRINTED: the same words in the same lines, and every number within 1 % of the page's, since instruction
# sets round differently.
agrees() {
    awk '
        NR == FNR { page[NR] = $0; lines = NR; next }
        {
            n = split(page[FNR], a, " ")
            bad = FNR > lines || n != NF
            for (i = 1; i <= n; i++) {
                number = a[i] ~ /^[0-9.]+,?$/ && $i ~ /^[0-9.]+,?$/
                off = a[i] - $i
                if (number ? (off < 0 ? -off : off) > 0.01 * a[i] : a[i] != $i)
                    bad = 1
            }
            if (bad) { print "line " FNR ": \"" page[FNR] "\" on the page, printed: \"" $0 "\""; failed = 1 }
        }
        END {
            if (FNR != lines) { print lines " lines on the page, " FNR " printed"; failed = 1 }
            exit failed
        }' "$1" "$2"
}
