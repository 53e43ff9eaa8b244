#!/bin/sh
# tests/cross.sh - builds everything for 64-bit ARM and runs in an emulator what shows that machine's kernels: their tests and the
# golden cases. Its speed says nothing.
#
# Debian 12 on another machine than that; as root it installs the compiler and the emulator itself. The libraries are unpacked into
# build-aarch64/sysroot, and leave the system as it is. Ends with 77 where the packages cannot be had.
set -eu

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
build=build-aarch64
tools="gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross libgfortran5-arm64-cross qemu-user-static"
libraries="zlib1g zlib1g-dev libjansson4 libjansson-dev check libsubunit0 libsubunit-dev libopenblas0-pthread
    libopenblas-pthread-dev"

skip() {
    echo "tests/cross.sh: skipped: $1"
    exit 77
}

# apt-get that knows the packages of both machines, in this call alone.
apt_get() {
    apt-get -q -o "APT::Architectures::=$(dpkg --print-architecture)" -o APT::Architectures::=arm64 "$@"
}

installed() {
    for package in $tools; do
        case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true) in
        *"ok installed"*) ;;
        *) return 1 ;;
        esac
    done
}

command -v apt-get >/dev/null 2>&1 || skip "no apt-get, so no way to Debian's packages"
[ "$(dpkg --print-architecture)" != arm64 ] || skip "this machine is one: tests/run.sh does it without an emulator"
if ! installed || [ ! -e $build/sysroot/complete ]; then
    apt_get update || skip "the lists of packages cannot be had"
fi
if ! installed; then
    [ "$(id -u)" -eq 0 ] || skip "only root can install: $tools"
    # shellcheck disable=SC2086  # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $tools || skip "cannot be installed: $tools"
fi
if [ ! -e $build/sysroot/complete ]; then
    rm -rf $build/sysroot $build/packages
    mkdir -p $build/sysroot $build/packages
    # shellcheck disable=SC2046  # a list of words
    (cd $build/packages && apt_get download $(printf '%s:arm64 ' $libraries)) || skip "cannot be downloaded: $libraries"
    for package in $build/packages/*.deb; do
        dpkg-deb -x "$package" $build/sysroot
    done
    rm -rf $build/packages
    touch $build/sysroot/complete
fi

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
[ -f $build/CMakeCache.txt ] || export CMAKE_GENERATOR=Ninja
cmake -S . -B $build --toolchain cmake/aarch64.cmake -DCMAKE_BUILD_TYPE=Release -DSNN_WERROR=ON
cmake --build $build -j "$jobs"
export CK_EXCLUDE_TAGS=long # what takes minutes there
exec ctest --test-dir $build -R '^(golden_.*|test_product|test_bits|test_kernel_.*|test_layer_adjoint)$' --output-on-failure -j "$jobs"
