# The tables of docs/performance.md agree with the measurements in docs/bench, and what is recorded makes a table.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
    add_test(NAME bench_tables COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/bench/tables.py --check)
    set_tests_properties(bench_tables PROPERTIES LABELS quick TIMEOUT ${timeout})
    find_program(GIT_PROGRAM git)
    mark_as_advanced(GIT_PROGRAM)
    if(TARGET snn AND GIT_PROGRAM AND NOT CMAKE_CROSSCOMPILING)
        add_test(NAME bench_records
            COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/bench/test_tables.py $<TARGET_FILE:snn>)
        set_tests_properties(bench_records PROPERTIES LABELS quick TIMEOUT ${timeout}
            ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
    endif()
endif()

# What images on disk take: a program, not a test.
if("images" IN_LIST SNN_COMPONENTS)
    add_executable(bench_images bench/images.c)
    target_link_libraries(bench_images PRIVATE snn_flags ${SNN_LIBRARY} snn::images)
endif()

# What training by several ranks takes: a program, not a test, on the sockets of the example.
add_executable(bench_ranks bench/ranks.c bench/ranks_train.c bench/ranks_link.c bench/watch.c
    ${PROJECT_SOURCE_DIR}/examples/sockets.c ${PROJECT_SOURCE_DIR}/examples/meet.c)
target_link_libraries(bench_ranks PRIVATE snn_flags ${SNN_LIBRARY})
if("mpi" IN_LIST SNN_COMPONENTS)
    target_compile_definitions(bench_ranks PRIVATE BENCH_MPI)
    target_link_libraries(bench_ranks PRIVATE snn::mpi)
endif()
if(Python3_FOUND AND TARGET snn AND NOT CMAKE_CROSSCOMPILING)
    add_test(NAME bench_scaling
        COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/bench/test_scaling.py
            $<TARGET_FILE_DIR:bench_ranks>)
    set_tests_properties(bench_scaling PROPERTIES LABELS quick TIMEOUT ${timeout}
        ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endif()
