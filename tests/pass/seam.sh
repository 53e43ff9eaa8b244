#!/bin/sh
# seam.sh SEAM OBJECTS LIST - the arrays of a pass are touched by lib/kernel and lib/blas alone.
#
# SEAM (seam.c) prints the functions that touch them; OBJECTS is the folder of the library's object files, from which
# each function's source is known. LIST names the sources outside of the two rooms that still touch elements: one that
# is not listed fails, and so does one that is listed and does not. Other rooms reach kernels through the table of
# their context alone, so that another machine can have its own.
set -eu
seam=$1 objects=$2 list=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rc=0
"$seam" >"$work/out" || rc=$?
if [ "$rc" -eq 77 ]; then
    echo "this machine, or a sanitizer, does not let a test step through single instructions"
    exit 77
fi
[ "$rc" -eq 0 ] || { cat "$work/out"; exit 1; }

(cd "$objects" && for file in */*.o; do
    nm --defined-only "$file" | sed -n "s#^[0-9a-f]* [tTwW] #${file%.o} #p"
done) >"$work/symbols"

# A local symbol comes with the name of its source, which two rooms may share; the function decides.
grep -E '^(local|global|unknown) ' "$work/out" | sort -u | while read -r kind a b; do
    case $kind in
    unknown) echo "unknown $a" ;;
    *)
        awk -v name="${b:-$a}" -v base="${b:+$a}" \
            '$2 == name && (base == "" || $1 ~ "/" base "$") { print $1, name }' "$work/symbols"
        ;;
    esac
done | sort -u >"$work/touched"
if [ "$(wc -l <"$work/touched")" -le 20 ]; then
    echo "the arrays were hardly touched: something is wrong with the watch"
    cat "$work/touched"
    exit 1
fi

grep -vE '^(kernel|blas)/' "$work/touched" | cut -d' ' -f1 | sort -u >"$work/files"
sed -E 's/ .*//; /^(#|$)/d' "$list" | sort -u >"$work/listed"
status=0
for file in $(comm -23 "$work/files" "$work/listed"); do
    echo "lib/$file touches the arrays of a pass, in:"
    awk -v f="$file" '$1 == f { print "    " $2 }' "$work/touched"
    status=1
done
for file in $(comm -13 "$work/files" "$work/listed"); do
    echo "lib/$file is listed in $list, and touches nothing: take it out"
    status=1
done

(cd "$objects" && nm --defined-only kernel/*.o) | awk '
    /\.o:$/ { shared = /(dispatch|ranges)\.c\.o:/ }
    NF == 3 && $2 ~ /[A-Z]/ && !shared { print $3 }' | sort -u >"$work/kernels"
for file in $(cd "$objects" && ls */*.o | grep -v '^kernel/'); do
    nm --undefined-only "$objects/$file" | awk '{ print $2 }' | sort -u | comm -12 - "$work/kernels" >"$work/direct"
    [ -s "$work/direct" ] || continue
    echo "lib/${file%.o} calls kernels past the table:"
    sed 's/^/    /' "$work/direct"
    status=1
done
[ "$status" -ne 0 ] ||
    echo "lib/kernel and lib/blas touch the arrays, and $(wc -l <"$work/listed") listed sources besides"
exit "$status"
