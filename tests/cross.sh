#!/bin/sh
# tests/cross.sh MACHINE - builds everything for another machine, and runs there what shows that machine:
#
#     aarch64   64-bit ARM in an emulator, whose speed says nothing: the tests of its kernels, and the golden cases
#     i386      32-bit x86 under the address sanitizer, on 64-bit x86: sizes, structures, files, every method, golden
#              cases
#
# Debian 12 on another machine than that; as root it installs the compiler itself. The libraries are unpacked into
# build-MACHINE/sysroot, and leave the system as it is. Ends with 77 where the packages cannot be had.
set -eu

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
machine=${1:-}
libraries="zlib1g zlib1g-dev libjansson4 libjansson-dev check libsubunit0 libsubunit-dev libopenblas0-pthread
    libopenblas-pthread-dev"
case $machine in
aarch64)
    debian=arm64
    tools="gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross libgfortran5-arm64-cross
        qemu-user-static"
    shown='^(golden_.*|test_product|test_bits|test_kernel_.*|test_layer_adjoint)$'
    ;;
i386)
    debian=i386
    tools="gcc-i686-linux-gnu g++-i686-linux-gnu libc6-dev-i386-cross libgfortran5-i386-cross"
    shown='^(golden_.*|test_(core|data|model|trainer)_.*|test_stream.*|test_product|contract_(structs|older))$'
    ;;
*)
    echo "usage: sh tests/cross.sh aarch64 | i386" >&2
    exit 2
    ;;
esac
build=build-$machine

skip() {
    echo "tests/cross.sh: skipped: $1"
    exit 77
}

# apt-get that knows the packages of both machines, in this call alone.
apt_get() {
    apt-get -q -o "APT::Architectures::=$(dpkg --print-architecture)" -o "APT::Architectures::=$debian" "$@"
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
[ "$(dpkg --print-architecture)" != "$debian" ] || skip "this machine is one: tests/run.sh does it"
if ! installed || [ ! -e $build/sysroot/complete ]; then
    apt_get update || echo "tests/cross.sh: not all lists of packages can be had"
fi
if ! installed; then
    [ "$(id -u)" -eq 0 ] || skip "only root can install: $tools"
    # Debian's cross compilers and its gcc-multilib exclude each other: nobody loses one for a test.
    # shellcheck disable=SC2086  # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-remove --no-install-recommends $tools ||
        skip "cannot be installed beside what is there: $tools"
fi
if [ ! -e $build/sysroot/complete ]; then
    rm -rf $build/sysroot $build/packages
    mkdir -p $build/sysroot $build/packages
    # shellcheck disable=SC2046  # a list of words
    (cd $build/packages && apt_get download $(printf "%s:$debian " $libraries)) ||
        skip "cannot be downloaded: $libraries"
    for package in $build/packages/*.deb; do
        dpkg-deb -x "$package" $build/sysroot
    done
    rm -rf $build/packages
    touch $build/sysroot/complete
fi
[ $machine != i386 ] || /usr/i686-linux-gnu/lib/ld-linux.so.2 --version >/dev/null 2>&1 ||
    skip "32-bit programs do not run here"

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
[ -f $build/CMakeCache.txt ] || export CMAKE_GENERATOR=Ninja
cmake --preset $machine
cmake --build $build -j "$jobs"
export CK_EXCLUDE_TAGS=long # what takes minutes in an emulator
[ $machine != i386 ] || export CK_FORK=no OPENBLAS_NUM_THREADS=1 # as the other builds under a sanitizer
exec ctest --test-dir $build -R "$shown" --output-on-failure -j "$jobs"
