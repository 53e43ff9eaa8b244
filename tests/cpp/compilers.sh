#!/bin/sh
# compilers.sh SOURCE CXX - the C++ header alone, its test and the example compile without a warning, by CXX and by
# the other compilers that there are; the example names no macro of the C interface.
set -eu
source=$1 cxx=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strict="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Werror"

printf '#include <snn/snn.hpp>\n#include <snn/snn.hpp>\n' > "$work/alone.cpp"
seen=
for compiler in "$cxx" g++ clang++; do
    path=$(readlink -f "$(command -v "$compiler" || echo /nonexistent)")
    [ -x "$path" ] || continue
    case " $seen " in *" $path "*) continue ;; esac
    seen="$seen $path"
    for file in "$work/alone.cpp" "$source/examples/host.cpp" "$source/tests/cpp/test_cpp.cpp"; do
        # shellcheck disable=SC2086  # a list of flags
        "$path" -std=c++17 $strict -fsyntax-only -I"$source/include" "$file" || { echo "$path warns"; exit 1; }
    done
    # shellcheck disable=SC2086
    "$path" -std=c++20 $strict -fsyntax-only -I"$source/include" "$work/alone.cpp" || { echo "$path warns"; exit 1; }
done

# Macros of the C interface: all that its headers define, the guards aside.
sed -nE 's/^#define (SNN_[A-Z0-9_]+).*/\1/p' "$source"/include/snn/*.h "$source"/include/snn/*/*.h | grep -v '_H$' |
    sort -u > "$work/macros"
if grep -nwFf "$work/macros" "$source/examples/host.cpp"; then
    echo "examples/host.cpp names macros of the C interface"
    exit 1
fi
echo "without a warning:$seen"
