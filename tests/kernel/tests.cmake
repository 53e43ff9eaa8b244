# The speed of the products, for a developer: a program, not a test.
add_executable(bench_products ${CMAKE_CURRENT_LIST_DIR}/bench_products.c)
target_link_libraries(bench_products PRIVATE snn_flags snn_test_support snn_objects m PkgConfig::OPENBLAS)
