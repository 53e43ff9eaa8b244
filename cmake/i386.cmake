# cmake/i386.cmake - a toolchain: 32-bit x86 by Debian's cross compiler. A 64-bit x86 runs its programs, with the
# libraries that come with that compiler.
set(machine i386)
set(multiarch i386-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/sysroot.cmake)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(CMAKE_C_COMPILER i686-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER i686-linux-gnu-g++)
set(CMAKE_C_FLAGS_INIT -Wno-psabi) # no word of what GCC 11 changed
set(cross /usr/i686-linux-gnu/lib)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--dynamic-linker=${cross}/ld-linux.so.2,-rpath,${cross},--disable-new-dtags")
