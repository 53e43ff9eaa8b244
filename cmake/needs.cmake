# zlib and Jansson, for the machine that the compiler builds for: with -m32 those of a 64-bit system do not do.
include(CheckCSourceCompiles)

find_package(ZLIB)
pkg_check_modules(JANSSON IMPORTED_TARGET jansson)
if(ZLIB_FOUND AND JANSSON_FOUND)
    set(CMAKE_REQUIRED_LIBRARIES ZLIB::ZLIB PkgConfig::JANSSON)
    check_c_source_compiles("#include <errno.h>
        #include <jansson.h>
        #include <zlib.h>
        int main(void) { return json_null() == 0 || zlibVersion() == 0 || errno; }" SNN_NEEDS_LINK)
    unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(NOT SNN_NEEDS_LINK)
    unset(SNN_NEEDS_LINK CACHE) # the next run looks again
    math(EXPR bits "8 * ${CMAKE_SIZEOF_VOID_P}")
    message(FATAL_ERROR "No zlib and Jansson were found that link with this compiler, which builds for ${bits} bits. "
        "Debian: zlib1g-dev and libjansson-dev, of the machine that is built for; for 32-bit x86 on a 64-bit x86, "
        "sh tests/cross.sh i386 fetches compiler and libraries.")
endif()
