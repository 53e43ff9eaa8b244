# snn_flags: how everything here is compiled and linked. Warnings, hardening, sanitizers.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)

add_library(snn_flags INTERFACE)
target_compile_options(snn_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow $<$<BOOL:${SNN_WERROR}>:-Werror>
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes;-Wvla>
    # A loop that a sanitizer keeps from being vectorised is no defect.
    $<$<COMPILE_LANG_AND_ID:C,Clang>:-Wno-pass-failed>)
target_compile_definitions(snn_flags INTERFACE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)

# 32-bit x86 has a unit that keeps more digits here and there: not the same bits everywhere.
check_c_source_compiles("#include <float.h>
    int as_written[FLT_EVAL_METHOD == 0 ? 1 : -1];
    int main(void) { return as_written[0]; }" SNN_FLOAT_AS_WRITTEN)
if(NOT SNN_FLOAT_AS_WRITTEN)
    add_compile_options(-msse2 -mfpmath=sse)
endif()

# The optimised builds check the bounds of the C library's copies, and of the stack; jumps lead to where functions
# begin; what the loader has resolved cannot be written any more. A sanitizer does more than that, and in its own way.
if(SNN_HARDENING AND NOT SNN_SANITIZE)
    foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -mbranch-protection=standard)
        string(MAKE_C_IDENTIFIER "SNN_HAS${flag}" has)
        check_c_compiler_flag("-Werror ${flag}" ${has})
        if(${has})
            target_compile_options(snn_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:${flag}>)
        endif()
    endforeach()
    # What a distribution's compiler sets by itself is replaced, not doubled.
    target_compile_options(snn_flags INTERFACE
        $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>)
    check_linker_flag(C "-Wl,-z,relro,-z,now,-z,noexecstack" SNN_HAS_RELRO)
    if(SNN_HAS_RELRO)
        target_link_options(snn_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
    endif()
endif()

if(SNN_SANITIZE)
    add_compile_options(-fsanitize=${SNN_SANITIZE} -fno-omit-frame-pointer -g)
    add_link_options(-fsanitize=${SNN_SANITIZE})
endif()
