# The time of a sum over ranks, for a developer: a program, not a test.
add_executable(bench_sums ${CMAKE_CURRENT_LIST_DIR}/bench_sums.c)
target_link_libraries(bench_sums PRIVATE snn_flags snn_test_support snn_objects m)
