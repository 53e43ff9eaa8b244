#!/bin/sh
# subproject.sh SOURCE CMAKE CC - libsnn as a part of another project: the host keeps its build type, its
# documentation and its installation, and gets the kind of library that it asks for.
set -eu
source=$1 cmake=$2 cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/host"
cp "$source/tests/install/consumer/main.c" "$work/host"
cat > "$work/host/CMakeLists.txt" << END
cmake_minimum_required(VERSION 3.22)
project(host C)
add_custom_target(docs COMMAND true)
add_subdirectory("$source" libsnn)
if(CMAKE_BUILD_TYPE)
    message(FATAL_ERROR "the build type became \${CMAKE_BUILD_TYPE}")
endif()
add_executable(host main.c)
if(BUILD_SHARED_LIBS)
    target_link_libraries(host PRIVATE snn::shared)
else()
    target_link_libraries(host PRIVATE snn::static)
endif()
install(TARGETS host)
END

for shared in ON OFF; do
    build=$work/build-$shared
    "$cmake" -S "$work/host" -B "$build" -DCMAKE_C_COMPILER="$cc" -DBUILD_SHARED_LIBS=$shared > "$work/log" 2>&1 ||
        { cat "$work/log"; exit 1; }
    "$cmake" --build "$build" --target help > "$work/targets"
    case $shared in
    ON) other=snn_static ;;
    OFF) other=snn_shared ;;
    esac
    if grep -q "$other" "$work/targets"; then
        echo "BUILD_SHARED_LIBS=$shared, and there is $other"
        exit 1
    fi
done
"$cmake" --build "$build" -j 2 > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$cmake" --install "$build" --prefix "$work/prefix" > "$work/log"
"$work/prefix/bin/host"
[ "$(find "$work/prefix" -type f | wc -l)" -eq 1 ] || {
    find "$work/prefix"; echo "libsnn installs itself with its host"; exit 1; }
echo "a part of another project, and a quiet one"
