#!/bin/sh
# reference.sh SOURCE BUILD - the site can be built, without a warning; its reference holds every public function with
# what it does, its navigation every page, and every link leads somewhere. Skipped (77) without Doxygen.
set -eu
source=$1 build=$2
[ -f "$build/docs/Doxyfile" ] || { echo "no Doxygen when the build was configured: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

{
    cat "$build/docs/Doxyfile"
    printf 'OUTPUT_DIRECTORY = %s\nGENERATE_XML = YES\nXML_PROGRAMLISTING = NO\n' "$work"
} > "$work/Doxyfile"
cd "$source"
doxygen -q "$work/Doxyfile" 2>&1 || { echo "the reference cannot be built"; exit 1; }

# A function that is described has a brief description with text in it.
awk '
    /<memberdef kind="function"/ { name = "" }
    /<name>/ && name == "" { name = $0; gsub(/.*<name>|<\/name>.*/, "", name) }
    /<briefdescription>/ { inside = 1 }
    /<\/briefdescription>/ { inside = 0 }
    inside && /<para>/ && name ~ /^snn_/ { print name }' "$work"/xml/*_8h.xml | sort -u > "$work/described"
sh tests/contract/names.sh . names all > "$work/public"
comm -23 "$work/public" "$work/described" > "$work/absent"
if [ -s "$work/absent" ]; then
    cat "$work/absent"
    echo "the reference does not hold these functions"
    exit 1
fi
python3 -B docs/site/site.py . "$work/content" "$work/html" 0 || { echo "the site cannot be built"; exit 1; }
echo "the reference holds all $(wc -l < "$work/public") public functions"
