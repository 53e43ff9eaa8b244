#!/bin/sh
# tests/run.sh - installs what is missing, builds the library, the tool and the examples, and runs the quick tests.
#
# Needs nothing but Debian 12; as root it installs the missing packages itself, as another user it names them.
# Environment: SNN_DATA, the folder of the data sets (tests that need one are skipped without it).
set -eu

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

# What the build needs, and what the tests need on top of it (docs/dependencies.md says what each is for).
packages="gcc g++ libc6-dev binutils cmake ninja-build pkg-config zlib1g-dev libjansson-dev
    libarchive-dev libhdf5-dev libjpeg62-turbo-dev liblz4-dev libopenmpi-dev libpng-dev libzstd-dev
    abigail-tools check libopenblas-dev locales openmpi-bin python3 python3-numpy"

missing=
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $packages; do
        case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
        *"ok installed"*) ;;
        *) missing="$missing $package" ;;
        esac
    done
else
    echo "tests/run.sh: no dpkg here, so packages are not checked. Needed are:"
    echo "    $packages"
fi

if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "tests/run.sh: packages are missing, and only root can install them:$missing" >&2
        echo "tests/run.sh: run as root: apt-get install -y --no-install-recommends$missing" >&2
        exit 1
    fi
    echo "tests/run.sh: installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    # shellcheck disable=SC2086  # a list of words
    apt-get install -q -y --no-install-recommends $missing
fi

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# Everything is built, whatever the folder was configured for before; it keeps the generator that it was made with.
[ -f build/CMakeCache.txt ] || export CMAKE_GENERATOR=Ninja
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DSNN_WERROR=ON -DSNN_SANITIZE= -DSNN_TOOL=ON -DSNN_EXAMPLES=ON \
    -DSNN_TESTS=ON
cmake --build build -j "$jobs"

cd build
exec ctest -L quick --output-on-failure -j "$jobs"
