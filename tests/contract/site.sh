#!/bin/sh
# site.sh SOURCE BUILD CMAKE - each page of the site fits into narrow and wide windows of a browser and has no error
# in it, and the search finds. Skipped (77) without Chromium or Doxygen.
set -eu
source=$1 build=$2 cmake=$3
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "Chromium is not installed: skipped"; exit 77; }
[ -f "$build/docs/Doxyfile" ] || { echo "no Doxygen when the build was configured: skipped"; exit 77; }
"$cmake" --build "$build" --target docs
python3 -B "$source/tests/cli/browser.py" "$chromium" site "$build/docs/html"
