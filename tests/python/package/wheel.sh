#!/bin/sh
# wheel.sh SOURCE CC IDX - makes the archive of the sources, and of that a wheel, without an index; installs it into
# an empty virtual environment, where a program of ten lines trains on arrays. IDX is a small data set for the run on
# every Python that is here. Skipped (77) where Python lacks pip, venv, setuptools, wheel or NumPy.
set -eu
source=$1 cc=$2 idx=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python=
for candidate in "${PYTHON:-python3}" /usr/bin/python3; do
    if "$candidate" -c 'import setuptools, wheel, ensurepip, numpy, pip' > /dev/null 2>&1; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "no python3 with pip, venv, setuptools, wheel and numpy here: skipped"; exit 77; }

# quietly COMMAND...: its output is shown if it fails
quietly() {
    "$@" > "$work/log" 2>&1 || { cat "$work/log"; echo "failed: $*"; exit 1; }
}

mkdir "$work/clone" "$work/archive"
(cd "$source" && tar -cf - --exclude=./.git --exclude='./build*' .) | (cd "$work/clone" && tar -xf -)
(cd "$work/clone" && quietly "$python" setup.py sdist --dist-dir "$work/archive")
tar -xzf "$work/archive"/*.tar.gz -C "$work/archive"

export CMAKE_ARGS="-DCMAKE_C_COMPILER=$cc" PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1
unset SNN_LIBRARY PYTHONPATH
if (cd "$work/clone" && "$python" -m pip install --no-build-isolation --no-deps -e . --target "$work/editable") \
    > "$work/log" 2>&1; then
    echo "an editable install was made"
    exit 1
fi
grep -q 'snn has no editable install' "$work/log" || { cat "$work/log"; exit 1; }

quietly "$python" -m pip wheel --no-build-isolation --no-deps -w "$work" "$work/archive"/*/
wheel=$(echo "$work"/*.whl)
case $wheel in
*/snn-*-py3-none-linux_*.whl) ;;
*) echo "the wheel is called $wheel"; exit 1 ;;
esac
echo "${wheel##*/}: $(wc -c < "$wheel") bytes"

quietly "$python" -m venv --system-site-packages "$work/empty" # for NumPy
quietly "$work/empty/bin/pip" install "$wheel"
cd /
"$work/empty/bin/python" -m snn | tee "$work/log"
grep -q "$work/empty/.*/libsnn.so" "$work/log" || { echo "the library is not the wheel's"; exit 1; }
"$work/empty/bin/python" -c '
import pathlib, snn, snn._library
for file in pathlib.Path(snn.__file__).parent.glob("libsnn-*"):
    library = snn._library.load(file.name[3:].split(".")[0])
    assert library._name == str(file), library._name'

# On every Python, of the one wheel.
"$python" -m zipfile -e "$wheel" "$work/files"
PYTHONPATH="$work/files" PYTHONDONTWRITEBYTECODE=1 SNN_IDX="$idx" "$python" \
    "$source/tests/python/package/interpreters.py"

for data in "${SNN_DATA:-/nonexistent}/fashion-mnist" /usr/share/datasets/fashion-mnist; do
    if [ -e "$data/train-images-idx3-ubyte.gz" ]; then
        "$work/empty/bin/python" "$source/tests/python/package/ten_lines.py" "$data"
        exit
    fi
done
echo "no Fashion-MNIST here: nothing was trained on it"
