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
