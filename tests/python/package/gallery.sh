#!/bin/sh
# gallery.sh SOURCE COMMAND... - every script of the gallery runs, on few samples, and prints something in most of its
# cells; those that need images are left out where Fashion-MNIST is not there. COMMAND runs Python over the library.
set -eu
source=$1
shift
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
data=${SNN_DATA:+$SNN_DATA/fashion-mnist}
[ -d "$data" ] || data=/usr/share/datasets/fashion-mnist
"$@" "$source/docs/site/gallery.py" "$source" "$out" --data "$data" --samples 200 --epochs 1
for script in "$source"/examples/gallery/[0-9]*.py; do
    name=$(basename "$script" .py)
    case $name in
    [13567]_*) [ -d "$data" ] || continue ;;
    9_*) [ -f "$out/$name.json" ] || continue ;; # without libsnn-nir
    esac
    grep -q '\\n' "$out/$name.json" || { echo "$name printed nothing"; exit 1; }
done
