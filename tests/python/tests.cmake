# The Python module: each test_NAME.py is a test python_NAME over the built library.
if(TARGET snn_shared AND NOT SNN_SANITIZE) # an interpreter without sanitizers cannot load a library with them
    if(NOT TARGET tiny_idx) # the tests of the tool make the same data
        add_executable(tiny_idx cli/tiny_idx.c)
        target_link_libraries(tiny_idx PRIVATE snn_flags)
    endif()
    set(run_python sh ${CMAKE_CURRENT_LIST_DIR}/run.sh ${PROJECT_SOURCE_DIR} $<TARGET_FILE:snn_shared>)
    file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.py)
    foreach(script ${scripts})
        get_filename_component(name ${script} NAME_WE)
        string(REPLACE test_ python_ name ${name})
        add_test(NAME ${name} COMMAND ${run_python} ${script})
        set_tests_properties(${name} PROPERTIES LABELS quick TIMEOUT 120 SKIP_RETURN_CODE 77
            ENVIRONMENT "SNN_IDX=${CMAKE_CURRENT_BINARY_DIR}/python_idx" FIXTURES_REQUIRED python_idx)
    endforeach()
    if(SNN_BLAS STREQUAL "builtin") # what does not depend on products
        foreach(name arrays check_estimator components estimator fit hints inside interpreters loss misuse
                project)
            add_test(NAME python_${name} COMMAND ${run_python} ${CMAKE_CURRENT_LIST_DIR}/package/${name}.py)
            set_tests_properties(python_${name} PROPERTIES LABELS quick TIMEOUT 120 SKIP_RETURN_CODE 77
                ENVIRONMENT "SNN_IDX=${CMAKE_CURRENT_BINARY_DIR}/python_idx" FIXTURES_REQUIRED python_idx)
        endforeach()
        if("mpi" IN_LIST SNN_COMPONENTS AND SNN_MPIRUN)
            add_test(NAME python_ranks COMMAND ${run_python} ${CMAKE_CURRENT_LIST_DIR}/package/ranks.py)
            set_tests_properties(python_ranks PROPERTIES LABELS quick TIMEOUT 300 PROCESSORS 2 SKIP_RETURN_CODE 77
                ENVIRONMENT "SNN_IDX=${CMAKE_CURRENT_BINARY_DIR}/python_idx;SNN_MPIRUN=${SNN_MPIRUN}"
                FIXTURES_REQUIRED python_idx)
        endif()
        add_test(NAME python_gallery COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/package/gallery.sh
            ${PROJECT_SOURCE_DIR} ${run_python})
        set_tests_properties(python_gallery PROPERTIES LABELS quick TIMEOUT 300 SKIP_RETURN_CODE 77)
        add_test(NAME python_wheel COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/package/wheel.sh ${PROJECT_SOURCE_DIR}
            ${CMAKE_C_COMPILER} ${CMAKE_CURRENT_BINARY_DIR}/python_idx)
        set_tests_properties(python_wheel PROPERTIES LABELS slow TIMEOUT 1800 SKIP_RETURN_CODE 77
            FIXTURES_REQUIRED python_idx)
        # Steps from Python beside the same from C: cmake --build build --target bench_python
        add_library(bench_overhead MODULE python/bench/overhead.c)
        target_link_libraries(bench_overhead PRIVATE snn_flags snn_shared)
        set(overhead ${run_python} ${CMAKE_CURRENT_LIST_DIR}/bench/overhead.py $<TARGET_FILE:bench_overhead>)
        add_custom_target(bench_python DEPENDS bench_overhead USES_TERMINAL VERBATIM COMMAND ${overhead})
        add_test(NAME python_overhead COMMAND ${overhead} --repeats 1 --steps 1) # that it runs
        set_tests_properties(python_overhead PROPERTIES LABELS quick TIMEOUT 120 SKIP_RETURN_CODE 77)
    endif()
    add_test(NAME python_idx COMMAND sh -c "mkdir -p \"$1\" && \"$0\" \"$1\"" $<TARGET_FILE:tiny_idx>
        ${CMAKE_CURRENT_BINARY_DIR}/python_idx)
    set_tests_properties(python_idx PROPERTIES LABELS quick TIMEOUT 60 FIXTURES_SETUP python_idx)
    if(SNN_EXAMPLES)
        add_test(NAME python_example COMMAND ${run_python} ${PROJECT_SOURCE_DIR}/examples/train_epoch.py
            ${CMAKE_CURRENT_BINARY_DIR}/python_idx ottt)
        set_tests_properties(python_example PROPERTIES LABELS quick TIMEOUT 120 SKIP_RETURN_CODE 77
            FIXTURES_REQUIRED python_idx)
    endif()
elseif(TARGET snn_shared AND SNN_SANITIZE MATCHES address AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND
        NOT CMAKE_CROSSCOMPILING)
    # Wrong uses, over a library that sees what a crash would come from. Python itself leaves memory behind.
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so OUTPUT_VARIABLE libasan
        OUTPUT_STRIP_TRAILING_WHITESPACE)
    add_test(NAME python_misuse COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/run.sh ${PROJECT_SOURCE_DIR}
        $<TARGET_FILE:snn_shared> ${CMAKE_CURRENT_LIST_DIR}/package/misuse.py)
    set_tests_properties(python_misuse PROPERTIES LABELS quick TIMEOUT 300 SKIP_RETURN_CODE 77
        ENVIRONMENT "SNN_PRELOAD=${libasan};ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1")
endif()
