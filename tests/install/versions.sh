#!/bin/sh
# versions.sh SOURCE VERSION - every package names the version of the project, and the packages of Debian its SONAME.
set -eu
cd "$1"
version=$2
grep -q "^libsnn ($version-[0-9]" debian/changelog || { echo "debian/changelog names another version"; exit 1; }
grep -q "\"version\": \"$version\"" packaging/vcpkg/libsnn/vcpkg.json || {
    echo "packaging/vcpkg/libsnn/vcpkg.json names another version"; exit 1; }
for name in snn snn-events snn-images snn-nir snn-mpi; do
    [ -e "debian/lib${name}${version%.*}.symbols" ] || { echo "debian has no lib$name${version%.*}"; exit 1; }
done
for script in debian/tests/[!c]* debian/tests/components packaging/build.sh; do
    sh -n "$script"
done
echo "packages of $version"
