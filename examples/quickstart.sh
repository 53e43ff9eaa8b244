#!/bin/sh
# quickstart.sh - from nothing to a trained spiking network on Debian 12:
# installs the packages that are missing, builds, trains with OTTT on Fashion-MNIST, and leaves model, log, training
# curves and a spike raster in build/quickstart/. Run it as root, from anywhere, as often as you like.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build
out=$build/quickstart

say() {
    printf '\n== %s\n' "$*"
}

# Packages that are needed and not there, on one line.
missing_packages() {
    command -v cc >/dev/null 2>&1 || printf ' gcc libc6-dev'
    command -v cmake >/dev/null 2>&1 || printf ' cmake'
    command -v make >/dev/null 2>&1 || printf ' make'
    command -v pkg-config >/dev/null 2>&1 || printf ' pkg-config'
    for package in zlib1g-dev libjansson-dev dataset-fashion-mnist; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
            printf ' %s' "$package"
    done
}

install_packages() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        printf 'quickstart: these packages are missing, and only root can install them:\n' >&2
        printf '    apt-get install --no-install-recommends%s\n' "$missing" >&2
        exit 1
    fi
    say "installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    # shellcheck disable=SC2086 # one word per package
    apt-get -qq install -y --no-install-recommends $missing >"${TMPDIR:-/tmp}/quickstart-apt.log" 2>&1 || {
        cat "${TMPDIR:-/tmp}/quickstart-apt.log" >&2
        printf 'quickstart: apt-get failed\n' >&2
        exit 1
    }
}

install_packages

say "building in $build"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DSNN_TESTS=OFF -DSNN_EXAMPLES=OFF >/dev/null
cmake --build "$build" --parallel "$(nproc)"

say "training 784-800-10 with OTTT on Fashion-MNIST"
mkdir -p "$out"
"$build/bin/snn" train --data idx:/usr/share/datasets/fashion-mnist --net 784-800-10 --trainer ottt --epochs 10 \
    --save "$out/model.snn" --csv "$out/log.csv" --curves "$out/curves.svg" --raster "$out/raster.svg"
