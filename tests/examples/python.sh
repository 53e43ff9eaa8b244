#!/bin/sh
# python.sh SOURCE LIBRARY TINY_IDX - the Python module and its example; skipped (77) where no Python has NumPy.
set -eu
source=$1 library=$2 tiny_idx=$3

python=
for candidate in "${PYTHON:-python3}" /usr/bin/python3; do
    if "$candidate" -c 'import numpy' > /dev/null 2>&1; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "no python3 with numpy here: skipped"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$tiny_idx" "$work"
export PYTHONPATH="$source/src/python" PYTHONDONTWRITEBYTECODE=1 SNN_LIBRARY="$library" SNN_SOURCE="$source" \
    SNN_IDX="$work"
"$python" "$source/tests/examples/test_python.py"
"$python" "$source/examples/train_epoch.py" "$work" ottt
