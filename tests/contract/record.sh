#!/bin/sh
# record.sh [CC] - writes the records of the interface anew, from the headers: the export list, the layouts, the
# numbers and, where abidw is installed, the description with types. `git diff` then shows what a change does to it.
set -eu
cd "$(dirname "$0")/../.."
cc=${1:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# written FILE COMMAND...: nothing takes the place of a record that could not be made.
written() {
    file=$1
    shift
    "$@" > "$work/record" && cp "$work/record" "$file"
}

written lib/snn.map sh tests/contract/names.sh . map
for component in events images nir mpi; do
    [ ! -d "src/$component" ] ||
        written "src/$component/$component.map" sh tests/contract/names.sh . map "$component"
done
written tests/contract/abi.txt sh tests/contract/abi.sh . "$cc" record
written tests/contract/constants.txt sh tests/contract/constants.sh . record
if command -v abidw > /dev/null; then
    written tests/contract/libsnn.abi sh tests/contract/gate.sh . "$cc" record
else
    echo "abidw is not installed (Debian: abigail-tools): tests/contract/libsnn.abi is as it was"
fi
