#!/bin/sh
# build.sh [-o FOLDER] [debian|vcpkg|conan]... - builds the packages from a clone of the last commit, and tries each
# of them; without names, all. Results go to FOLDER, else build/packages.
#
# debian: dpkg-buildpackage, lintian, then the programs of debian/tests in a new root that holds Debian, these
# packages and nothing else (as root, with mmdebstrap and autopkgtest).
# vcpkg and conan: a program that uses the port or the recipe. Where their program is not installed they are left out,
# with a message; 77 if nothing could be built.
set -eu
source=$(cd -- "$(dirname -- "$0")/.." && pwd)
out=$source/build/packages
if [ "${1:-}" = -o ]; then
    out=$2
    shift 2
fi
[ $# -gt 0 ] || set -- debian vcpkg conan
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -rf "$out/libsnn"
git clone --quiet "$source" "$out/libsnn"
built=

# have COMMAND...: are these programs here?
have() {
    for command; do
        command -v "$command" > /dev/null || { echo "no $command here: $part is left out"; return 1; }
    done
}

# logged NAME COMMAND...: output goes to NAME.log in the folder of results, and is shown if the command fails
logged() {
    log=$out/$1.log
    shift
    "$@" > "$log" 2>&1 || { tail -40 "$log"; echo "FAIL $part: $*"; exit 1; }
}

debian() {
    rm -f "$out"/*.deb "$out"/*.changes
    (cd "$out/libsnn" && logged buildpackage dpkg-buildpackage -us -uc -b)
    # No bug asks for a package of libsnn, so the first entry of the change log closes none.
    logged lintian lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs \
        "$out"/*.changes
    if [ "$(id -u)" -ne 0 ] || ! have mmdebstrap autopkgtest; then
        echo "debian: built, and not installed: that needs root, mmdebstrap and autopkgtest"
        return
    fi
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    rm -rf "$out/root"
    logged root mmdebstrap --mode=root --variant=apt --include=apt-utils "$release" "$out/root"
    logged autopkgtest autopkgtest --apt-upgrade -B "$out"/*.deb "$out/libsnn/" -- chroot "$out/root"
    grep -hE '^[a-z]+ +(PASS|FAIL)' "$out/autopkgtest.log" | sort -u
    rm -rf "$out/root"
}

vcpkg() {
    logged vcpkg env vcpkg install libsnn --classic --binarysource=clear \
        --overlay-ports="$out/libsnn/packaging/vcpkg" --x-install-root="$out/vcpkg"
    prefix=$(echo "$out"/vcpkg/*/share/snn)
    logged vcpkg-consumer cmake -S "$source/tests/install/consumer" -B "$out/consumer" -DKIND=static \
        -DCMAKE_PREFIX_PATH="${prefix%/share/snn}"
    logged vcpkg-consumer cmake --build "$out/consumer"
    "$out/consumer/consumer"
}

conan() {
    logged conan env conan create "$out/libsnn/packaging/conan" --build=missing
}

for part; do
    case $part in
    debian) have dpkg-buildpackage dh lintian || continue ;;
    vcpkg | conan) have "$part" || continue ;;
    *) echo "usage: build.sh [-o FOLDER] [debian|vcpkg|conan]..." >&2; exit 2 ;;
    esac
    "$part"
    built="$built $part"
    echo "PASS $part"
done
[ -n "$built" ] || exit 77
