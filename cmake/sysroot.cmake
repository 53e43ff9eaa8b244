# cmake/sysroot.cmake - what the toolchains of other machines share. `machine` is the name of the build folder,
# `multiarch` that of Debian's folders: tests/cross.sh unpacks the machine's libraries into build-MACHINE/sysroot.
set(CMAKE_SYSTEM_NAME Linux)
cmake_path(SET root NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/../build-${machine}/sysroot)
set(libraries ${root}/usr/lib/${multiarch})
set(CMAKE_FIND_ROOT_PATH ${root})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${root})
set(ENV{PKG_CONFIG_LIBDIR} ${libraries}/pkgconfig:${libraries}/openblas-pthread/pkgconfig)
