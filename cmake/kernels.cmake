# The kernels of each instruction set are compiled for it, whatever the rest is compiled for; the machine is asked at
# run time.
set(fast -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math)
set(same -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math) # the same bits for all of them
set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/kernel/ref.c PROPERTIES COMPILE_OPTIONS -O2)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i[3-6]86")
    check_c_compiler_flag("-mamx-tile -mamx-int8" SNN_AMX) # gcc 11 and clang 12 on
    set(avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512)
    if(SNN_AMX)
        list(APPEND avx512 -mamx-tile -mamx-int8)
    endif()
    set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/kernel/avx2.c PROPERTIES
        COMPILE_OPTIONS "${fast};-mavx2;-mfma")
    set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/kernel/avx512.c PROPERTIES
        COMPILE_OPTIONS "${fast};${avx512}")
    set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/kernel/layers_avx2.c PROPERTIES
        COMPILE_OPTIONS "${same};-mavx2;-mfma")
    set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/kernel/layers_avx512.c PROPERTIES
        COMPILE_OPTIONS "${same};${avx512}")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/kernel/neon.c PROPERTIES COMPILE_OPTIONS "${fast}")
endif()
if(SNN_FUZZ) # they run on the kernels in plain C
    set_property(SOURCE ${PROJECT_SOURCE_DIR}/lib/kernel/avx2.c ${PROJECT_SOURCE_DIR}/lib/kernel/avx512.c
        ${PROJECT_SOURCE_DIR}/lib/kernel/neon.c APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=all)
endif()
