#!/bin/sh
# run.sh SOURCE LIBRARY SCRIPT [ARGUMENTS...] - runs a Python script over the built library. Skipped (77) where no
# Python has NumPy; the script itself ends with 77 where it lacks more. The environment names the sources: SNN_SOURCE,
# and with SNN_PRELOAD what the interpreter loads first: the run-time of a sanitizer with which the library was built.
set -eu
source=$1 library=$2
shift 2

python=
for candidate in "${PYTHON:-python3}" /usr/bin/python3; do
    if "$candidate" -c 'import numpy' > /dev/null 2>&1; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "no python3 with numpy here: skipped"; exit 77; }

export PYTHONPATH="$source/src/python" PYTHONDONTWRITEBYTECODE=1 SNN_LIBRARY="$library" SNN_SOURCE="$source"
[ -z "${SNN_PRELOAD:-}" ] || export LD_PRELOAD="$SNN_PRELOAD"
exec "$python" "$@"
