# The tables of docs/performance.md agree with the measurements in docs/bench, and what is recorded makes a table.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
    add_test(NAME bench_tables COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/bench/tables.py --check)
    set_tests_properties(bench_tables PROPERTIES LABELS quick TIMEOUT ${timeout})
endif()
