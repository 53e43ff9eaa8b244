#!/bin/sh
# install.sh SOURCE BUILD CMAKE CC VERSION KINDS COMPONENTS - installs into an empty folder that the build knows
# nothing of, moves it, and has programs find it there: by pkg-config and by find_package(), the shared and the static
# library, as KINDS says which there are, and the libraries beside it, COMPONENTS; and the Python module.
set -eu
source=$1 build=$2 cmake=$3 cc=$4 version=$5 kinds=$6 components=$7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# quietly COMMAND...: its output is shown if it fails
quietly() {
    "$@" > "$work/log" 2>&1 || { cat "$work/log"; echo "failed: $*"; exit 1; }
}

quietly "$cmake" --install "$build" --prefix "$work/first"
mv "$work/first" "$work/a prefix"
prefix="$work/a prefix"
pc=$(find "$prefix" -name snn.pc)
libdir=$(dirname "$(dirname "$pc")")
for file in include/snn/snn.h include/snn/sys/product.h share/doc/libsnn/LICENSE share/doc/libsnn/README.md \
    share/doc/libsnn/SECURITY.md share/man/man1/snn.1 \
    share/man/man1/snn-train.1 share/bash-completion/completions/snn share/zsh/site-functions/_snn \
    share/fish/vendor_completions.d/snn.fish; do
    [ -s "$prefix/$file" ] || { echo "$file was not installed"; exit 1; }
done

# ---- by pkg-config. It finds the tree where it stands; blanks in names are beyond what shells do with its output.
ln -s "$prefix" "$work/prefix"
if command -v pkg-config > /dev/null; then
    PKG_CONFIG_PATH="$work/prefix/${pc#"$prefix/"}"
    PKG_CONFIG_PATH=$(dirname "$PKG_CONFIG_PATH")
    export PKG_CONFIG_PATH
    [ "$(pkg-config --modversion snn)" = "$version" ] || {
        echo "snn.pc says version $(pkg-config --modversion snn)"; exit 1; }
    for kind in $kinds; do
        case $kind in
        shared) flags="$(pkg-config --cflags snn) -DEXPECT_STATIC=0" libs=$(pkg-config --libs snn) ;;
        static)
            flags="$(pkg-config --static --cflags snn) -DEXPECT_STATIC=1"
            libs=$(pkg-config --static --libs snn | sed 's/-lsnn/-l:libsnn.a/')
            ;;
        esac
        # shellcheck disable=SC2086  # lists of flags
        quietly "$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror $flags "$source/tests/install/consumer/main.c" \
            -o "$work/by_pkg_config_$kind" $libs
        LD_LIBRARY_PATH="$libdir" "$work/by_pkg_config_$kind"
    done
    for component in $components; do
        quietly "$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags "snn-$component") \
            "$source/tests/install/consumer/$component.c" -o "$work/$component" \
            $(pkg-config --libs "snn-$component")
        LD_LIBRARY_PATH="$libdir" "$work/$component"
    done
    unset PKG_CONFIG_PATH
else
    echo "no pkg-config here: that half was left out"
fi

# ---- by CMake
consumer() {
    folder=$work/$1
    shift
    quietly "$cmake" -S "$source/tests/install/consumer" -B "$folder" -DCMAKE_C_COMPILER="$cc" \
        -DCMAKE_PREFIX_PATH="$prefix" "$@"
    quietly "$cmake" --build "$folder"
}
for kind in $kinds; do
    consumer "$kind" -DKIND="$kind"
    "$work/$kind/consumer"
done

for component in $components; do
    for target in $component $(echo "$kinds" | sed "s/[a-z]*/$component-&/g"); do
        consumer "cmake-$target" -DKIND="${kinds%% *}" -DCOMPONENT="$component" -DTARGET="snn::$target"
        "$work/cmake-$target/$component"
    done
done
if quietly_absent=$("$cmake" -S "$source/tests/install/consumer" -B "$work/absent" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_PREFIX_PATH="$prefix" -DCOMPONENT=nothing -DTARGET=snn::nothing 2>&1); then
    echo "$quietly_absent"
    echo "a component that there is not was found"
    exit 1
fi

# The shared library needs no files of what it is made of; the static one says what is missing, and nothing when it is
# asked to be quiet.
for kind in $kinds; do
    PKG_CONFIG_LIBDIR=$work/nothing "$cmake" --no-warn-unused-cli -S "$source/tests/install/consumer" -B \
        "$work/bare-$kind" -DCMAKE_C_COMPILER="$cc" \
        -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON -DKIND="$kind" -DQUIET=ON > "$work/out" \
            2> "$work/log" ||
        { cat "$work/log"; exit 1; }
    [ ! -s "$work/log" ] || { cat "$work/log"; echo "find_package(snn QUIET) is not quiet"; exit 1; }
    case $kind in
    shared) grep -q "snn was found" "$work/out" || {
        cat "$work/out"; echo "snn::shared asks for more than itself"; exit 1; } ;;
    static) grep -q "snn was not found: .*JANSSON" "$work/out" || {
        cat "$work/out"; echo "what is missing is not said"; exit 1; } ;;
    esac
done

# ---- the file that programs load at run time is found through its SONAME
case $kinds in
*shared*)
    for link in libsnn.so "libsnn.so.${version%.*}" "libsnn.so.$version"; do
        [ -e "$libdir/$link" ] || { echo "$link is not in $libdir"; exit 1; }
    done
    ;;
esac
# ---- the Python module finds the library that it was installed with, where both were moved to, and no other version
module=$(find "$prefix" -name _build.py)
if [ -n "$module" ]; then
    python() {
        env -u SNN_LIBRARY PYTHONPATH="$(dirname "$(dirname "$module")")" PYTHONDONTWRITEBYTECODE=1 python3 "$@"
    }
    python -m snn > "$work/log" || { echo "python3 -m snn fails where it was moved to"; exit 1; }
    grep -qF "$(realpath "$libdir")/" "$work/log" && grep -q "$version" "$work/log" || {
        cat "$work/log"; echo "the module uses another library"; exit 1; }
    for other in "${version%%.*}.99.0" "${version%.*}.99"; do
        sed -i "s/^\\(VERSION.* = \\).*/\\1\"$other\"/" "$module"
        if python -c 'import snn' 2> "$work/log"; then
            echo "a module of $other takes a library of $version"
            exit 1
        fi
        grep -q "of libsnn $other, but .* of $version: install both" "$work/log" || { cat "$work/log"; exit 1; }
    done
else
    echo "no Python here: its module was left out"
fi

"$prefix/bin/snn" --version > "$work/log" || { echo "the tool does not run where it was moved to"; exit 1; }
"$prefix/bin/snn" recipe ide-fashion-mnist --show > "$work/log" || {
    echo "recipes are not found where they were moved to"; exit 1; }
echo "installed, moved, found: $kinds"
