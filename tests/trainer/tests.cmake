# What the host's own loss costs: bench_loss, run by hand (docs/results.md).
add_executable(bench_loss ${CMAKE_CURRENT_LIST_DIR}/bench_loss.c)
target_link_libraries(bench_loss PRIVATE snn_flags snn_test_support snn_objects m)
