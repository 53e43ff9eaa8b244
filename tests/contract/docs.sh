#!/bin/sh
# docs.sh SOURCE - the pages speak of what exists: their links lead somewhere, functions, constants and files that
# they name are there, and the table of statuses is that of the header. Lines have at most 118 columns, rows of tables
# aside.
set -eu
cd "$1"
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# anchors PAGE: of its sections, as they are shown
anchors() {
    sed -nE 's/^#+ //p' "$1" | tr 'A-Z ' 'a-z-' | sed 's/[^a-z0-9_-]//g'
}

pages="README.md CHANGELOG.md $(echo docs/*.md docs/methods/*.md docs/notes/*.md)"

for page in $pages; do
    awk -v page="$page" '
        length > 118 && !/^\|/ { print page ":" FNR ": " length " columns"; bad = 1 }
        END { exit bad }' "$page" || status=1
    for link in $(grep -oE '\]\([^)#:]+\)' "$page" | sed 's/^](//; s/)$//'); do
        [ -e "$(dirname "$page")/$link" ] || { echo "$page links to $link, which is not there"; status=1; }
    done
    for link in $(grep -oE '\]\([^):]*#[^)]+\)' "$page" | sed 's/^](//; s/)$//'); do
        target=$(dirname "$page")/${link%%#*}
        [ "${link%%#*}" ] || target=$page
        anchors "$target" | grep -qxF "${link#*#}" || { echo "$page links to $link: no such section"; status=1; }
    done
    for name in $(grep -oE '\bsnn_[a-z0-9][a-z0-9_]*\(' "$page" | sort -u); do
        grep -rqF -e " $name" -e "*$name" include/snn ||
            { echo "$page names $name), which no header declares"; status=1; }
    done
    for name in $(grep -oE '\bsnn__[a-z0-9_]+\(' "$page" | sort -u); do
        grep -rqF "$name" lib --include='*.h' || { echo "$page names $name), which no room declares"; status=1; }
    done
    for name in $(grep -oE '\bSNN__[A-Z0-9_]+' "$page" | sort -u); do
        grep -rqw "$name" lib --include='*.h' || { echo "$page names $name, which no room declares"; status=1; }
    done
    for name in $(grep -oE '\bSNN_[A-Z0-9][A-Z0-9_]*' "$page" | sort -u); do
        grep -rqE "\\b$name\\b" include/snn lib/snn.map CMakeLists.txt cmake src/python/snn/*.py src/snn \
            tests/run.sh || { echo "$page names $name, which does not exist"; status=1; }
    done
    folders='lib|tests|examples|include|cmake|src|packaging|debian'
    for file in $(grep -oE "(^|[^/a-z])($folders)/[a-z0-9_./]*[a-z0-9_]" "$page" | sed 's/^[^a-z]//' | sort -u); do
        [ -e "$file" ] || { echo "$page names $file, which is not there"; status=1; }
    done
done

sed -nE 's/^    X\((SNN_[A-Z_]+), (-?[0-9]+), "(.*)"\).*/| `\1` | \2 | \3 |/p' include/snn/status.h > "$work/header"
grep -E '^\| `SNN_(OK|ERR_[A-Z]+)` \|' docs/errors.md > "$work/page"
diff "$work/header" "$work/page" || { echo "docs/errors.md (>) and include/snn/status.h (<) differ"; status=1; }

[ "$status" -ne 0 ] || echo "$(echo "$pages" | wc -w) pages speak of what exists"
exit "$status"
