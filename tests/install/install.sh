#!/bin/sh
# install.sh SOURCE BUILD CMAKE CC VERSION - installs into an empty folder, builds a program against it with pkg-config
# and with find_package(), shared and static, and runs them.
set -eu
source=$1 build=$2 cmake=$3 cc=$4 version=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --prefix "$work/prefix" > "$work/log" || { cat "$work/log"; exit 1; }
pc=$(find "$work/prefix" -name snn.pc)
libdir=$(dirname "$(dirname "$pc")")
[ -f "$work/prefix/include/snn/snn.h" ] || { echo "snn/snn.h was not installed"; exit 1; }

if command -v pkg-config > /dev/null; then
    # The prefix of the build is another one: pkg-config is told where the tree stands now.
    pc() {
        PKG_CONFIG_PATH="$(dirname "$pc")" pkg-config --define-variable=prefix="$work/prefix" "$@" snn
    }
    [ "$(pc --modversion)" = "$version" ] || { echo "snn.pc says version $(pc --modversion), not $version"; exit 1; }
    # shellcheck disable=SC2046  # lists of flags
    "$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror $(pc --cflags) "$source/tests/install/consumer/main.c" \
        -o "$work/by_pkg_config" $(pc --libs)
    LD_LIBRARY_PATH="$libdir" "$work/by_pkg_config"
else
    echo "no pkg-config here: that half was left out"
fi

"$cmake" -S "$source/tests/install/consumer" -B "$work/consumer" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_PREFIX_PATH="$work/prefix" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$cmake" --build "$work/consumer" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$work/consumer/consumer_shared"
"$work/consumer/consumer_static"

# The file that programs load at run time is found through its SONAME.
for link in libsnn.so "libsnn.so.${version%.*}" "libsnn.so.$version"; do
    [ -e "$libdir/$link" ] || { echo "$link is not in $libdir"; exit 1; }
done
echo "installed, found twice, ran three times"
