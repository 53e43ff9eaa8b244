#!/bin/sh
# camera.sh CAMERA - a network learns from a camera's thread; no window is lost where the loop may take its time, and
# in the camera's own time each window is run or counted as dropped.
set -eu
camera=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$camera" 20 >"$work/fast" || { cat "$work/fast"; exit 1; }
cat "$work/fast"
grep -q ' in 1999 windows, 0 dropped$' "$work/fast" || { echo "windows are missing"; exit 1; }
awk '/ right,/ { right = $5 } END { if (right + 0 < 95) { print "right in the last second: " right; exit 1 } }' \
    "$work/fast"

"$camera" 1 1 >"$work/real" || { cat "$work/real"; exit 1; }
grep -q ' in 99 windows, [0-9]* dropped$' "$work/real" || { cat "$work/real"; exit 1; }
