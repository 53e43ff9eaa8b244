#!/bin/sh
# export.sh SOURCE CC [CXX] - what include/snn/export.h promises: compilers warn where a status is not looked at, and
# where a deprecated function is called; every function that returns a status says so; on Windows, functions come from
# a DLL unless SNN_STATIC or SNN_BUILDING is defined.
set -eu
source=$1 cc=$2 cxx=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

if grep -rnE '^SNN_API .*\bsnn_status snn_' "$source/include" | grep -v 'SNN_API SNN_CHECKED '; then
    echo "these functions return a status that callers may overlook: begin them with SNN_API SNN_CHECKED"
    status=1
fi

cat > "$work/ignores.c" << 'END'
#include <snn/context.h>
void f(snn_context_options *options);
void f(snn_context_options *options)
{
    snn_context_options_init(options, sizeof *options);
}
END
cat > "$work/calls.c" << 'END'
#include <snn/export.h>
SNN_BEGIN_DECLS
SNN_API SNN_DEPRECATED("use snn_new()") int snn_old(void);
SNN_END_DECLS
int f(void);
int f(void)
{
    return snn_old();
}
END
# warns COMPILER STANDARD FILE WARNING
warns() {
    LC_ALL=C "$1" -std="$2" "-I$source/include" -c "$3" -o "$work/object" 2> "$work/log" ||
        { cat "$work/log"; echo "$3 is no $2"; status=1; }
    grep -q "$4" "$work/log" || { cat "$work/log"; echo "$1 -std=$2 does not warn: $4"; status=1; }
}
for file in ignores calls; do
    cp "$work/$file.c" "$work/$file.cpp"
    case $file in
    ignores) warning='ignoring return value' ;;
    calls) warning='use snn_new()' ;;
    esac
    for standard in c99 c11; do
        warns "$cc" $standard "$work/$file.c" "$warning"
    done
    [ -z "$cxx" ] || warns "$cxx" c++11 "$work/$file.cpp" "$warning"
done

# windows WANTED [DEFINITION]
printf '#include <snn/export.h>\nSNN_API int here;\n' > "$work/api.c"
windows() {
    # shellcheck disable=SC2086  # none, or one
    "$cc" -E -P -U__linux__ -D_WIN32 ${2:-} "-I$source/include" "$work/api.c" | sed "s/^ *//; /^$/d" > "$work/got"
    [ "$(cat "$work/got")" = "$1" ] || { cat "$work/got"; echo "on Windows${2:+ with $2}: expected $1"; status=1; }
}
windows '__declspec(dllimport) int here;'
windows '__declspec(dllexport) int here;' -DSNN_BUILDING
windows 'int here;' -DSNN_STATIC

[ "$status" -ne 0 ] || echo "a status that is overlooked is warned of; Windows imports and exports"
exit "$status"
