#!/bin/sh
# configure.sh SOURCE CMAKE CC - what a build says of itself before anything is compiled.
set -eu
source=$1 cmake=$2 cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# configure NAME FLAGS...
configure() {
    folder=$work/$1
    shift
    "$cmake" -S "$source" -B "$folder" -DCMAKE_C_COMPILER="$cc" "$@" > "$work/log" 2>&1
}

# A folder of libraries that is given as an absolute path stays that.
configure absolute -DCMAKE_INSTALL_PREFIX=/opt/snn -DCMAKE_INSTALL_LIBDIR=/elsewhere/lib -DSNN_TESTS=OFF \
    -DSNN_PYTHON_DIR=lib/python || { cat "$work/log"; exit 1; }
grep -qx 'FOLDER = "../../../../../elsewhere/lib"' "$work/absolute/python/_build.py" ||
    { cat "$work/absolute/python/_build.py"; echo "the Python module looks for the libraries elsewhere"; exit 1; }
grep -qx 'libdir=/elsewhere/lib' "$work/absolute/snn.pc" && grep -qx 'prefix=/opt/snn' "$work/absolute/snn.pc" ||
    { cat "$work/absolute/snn.pc"; echo "snn.pc loses a folder that was given as an absolute path"; exit 1; }

# Products are builtin or cblas.
if configure products -DSNN_BLAS=openblas; then
    echo "SNN_BLAS=openblas was taken"
    exit 1
fi
grep -q 'SNN_BLAS is "openblas"' "$work/log" || {
    cat "$work/log"; echo "the message does not name what was asked for"; exit 1; }

# zlib and Jansson have to link; those of a 64-bit system do not with -m32. The message says what was looked for.
if configure needs -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON; then
    echo "a build without zlib was configured"
    exit 1
fi
grep -q 'No zlib and Jansson were found' "$work/log" || {
    cat "$work/log"; echo "nobody says what is missing"; exit 1; }
echo 'int main(void) { return 0; }' > "$work/main.c"
if "$cc" -m32 "$work/main.c" -o "$work/main" 2>/dev/null && [ ! -e /usr/lib/i386-linux-gnu/libjansson.so ]; then
    ! configure narrow -DCMAKE_C_FLAGS=-m32 || { echo "-m32 was configured with libraries of 64 bits"; exit 1; }
    grep -q '32 bits' "$work/log" || { cat "$work/log"; echo "no word of 32 bits"; exit 1; }
fi

# Without Check there are no tests, and a build all the same; who asks for tests is told what they need.
mkdir "$work/pc"
for need in jansson zlib; do
    cp "$(pkg-config --variable=pcfiledir "$need")/$need.pc" "$work/pc"
done
export PKG_CONFIG_LIBDIR="$work/pc" PKG_CONFIG_PATH=
configure plain || { cat "$work/log"; echo "a plain build needs more than zlib and Jansson"; exit 1; }
grep -q 'No tests: they need Check and OpenBLAS' "$work/log" || {
    cat "$work/log"; echo "nobody says that there are no tests"; exit 1; }
grep -q 'libsnn-events reads no formats that need liblz4-dev' "$work/log" || {
    cat "$work/log"; echo "nobody says which formats of recordings are absent"; exit 1; }
if configure events -DSNN_EVENTS=ON; then
    echo "SNN_EVENTS=ON was configured without the libraries that it needs"
    exit 1
fi
grep -q 'libsnn-events lacks libraries' "$work/log" || {
    cat "$work/log"; echo "nobody says which libraries libsnn-events lacks"; exit 1; }
if configure tested -DSNN_TESTS=ON; then
    echo "tests without Check were configured"
    exit 1
fi

# One kind of library where BUILD_SHARED_LIBS says which.
configure static -DBUILD_SHARED_LIBS=OFF || { cat "$work/log"; exit 1; }
[ ! -e "$work/static/python" ] || { echo "a Python module without a shared library is installed"; exit 1; }
"$cmake" --build "$work/static" --target help > "$work/targets"
if grep -q snn_shared "$work/targets"; then
    echo "BUILD_SHARED_LIBS=OFF, and there is a shared library"
    exit 1
fi
echo "folders, products, tests and kinds as asked for"
