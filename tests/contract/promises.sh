#!/bin/sh
# promises.sh SOURCE - the comment of every public function says what its caller must know, in the words that
# snn/context.h defines: who owns what comes out, which errors there are; and what it calls real-time safe is made to
# show it in test_realtime.c.
set -eu
cd "$1"
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# One function a line: name, a tab, its declaration, a tab, its comment.
find include -name '*.h' -exec cat {} + | awk '
    /^\/\*\*/ { comment = "" }
    !/^SNN_API / && !open { line = $0; sub(/^ *\/?\*+\/? ?/, "", line); comment = comment " " line }
    /^SNN_API / { declaration = ""; open = 1 }
    open { line = $0; sub(/^ +/, "", line); declaration = declaration " " line }
    open && /;/ {
        open = 0
        name = declaration
        sub(/\(.*/, "", name)
        sub(/.*[ *]/, "", name)
        print name "\t" declaration "\t" comment
        comment = ""
    }' > "$work/functions"
cut -f 1 "$work/functions" | sort > "$work/names"
sh tests/contract/names.sh . names all | diff - "$work/names" > /dev/null ||
    { echo "promises.sh cannot read all declarations"; exit 1; }

# lacks WHAT PATTERN_OF_DECLARATIONS PATTERN_OF_COMMENTS
lacks() {
    awk -F '\t' -v what="$1" -v declared="$2" -v said="$3" '
        $2 ~ declared && tolower($3) !~ said { print $1 ": its comment does not say " what; bad = 1 }
        END { exit bad }' "$work/functions" || status=1
}
lacks "whose the pointer is that it returns: borrowed, or static storage" \
    'SNN_API[^(]*\*' 'borrow|static storage'
lacks "whose the pointer is that it writes: borrowed, or static storage" \
    'const (char|void) \*\*' 'borrow|static storage'
lacks "who destroys what comes out, or that it is borrowed" 'snn_[a-z]+ \*\*' 'destroy|borrow'
lacks "which errors it gives: @return, or errors as another function" 'SNN_CHECKED' '@return|snn_err_|as snn_'
lacks "that NULL is accepted" '_destroy\(' 'null is accepted'

# Each word is defined once.
for word in 'Real-time safe' 'Allocates nothing' Threads Owned Borrowed Copied; do
    [ "$(grep -cE "^ \* - $word: " include/snn/context.h)" -eq 1 ] ||
        { echo "include/snn/context.h does not define \"$word\""; status=1; }
done

awk -F '\t' 'tolower($3) ~ /real-time +safe/ { print $1 }' "$work/functions" | sort > "$work/claimed"
{
    grep -oE '(SAFE|FAILS_SAFELY|GIVES)\(.*' tests/contract/test_realtime.c | grep -oE 'snn_[a-z0-9_]+\('
    sed -nE 's/^    SAFE_PARAMS\(([a-z]+),.*/\1/p' tests/contract/test_realtime.c | while read -r noun; do
        for call in get_i64 get_f64 get_str param_info; do
            echo "snn_${noun}_$call("
        done
    done
} | tr -d '(' | sort -u > "$work/shown"
if comm -23 "$work/claimed" "$work/shown" | grep .; then
    echo "these say that they are real-time safe, and are not called in tests/contract/test_realtime.c"
    status=1
fi
if comm -13 "$work/claimed" "$work/shown" | grep -vxE 'snn_(neuron_create|trainer_predict)'; then
    echo "these are real-time safe in tests/contract/test_realtime.c, and their comments do not say it"
    status=1
fi
[ "$status" -ne 0 ] ||
    echo "$(wc -l < "$work/names") comments say what they must," \
        "$(wc -l < "$work/claimed") functions are real-time safe"
exit "$status"
