# The speed of the products, for a developer: a program, not a test.
add_executable(bench_products ${CMAKE_CURRENT_LIST_DIR}/bench_products.c)
target_link_libraries(bench_products PRIVATE snn_flags snn_test_support snn_objects m PkgConfig::OPENBLAS)
# oneDNN beside it, where it is installed (Debian: libdnnl-dev).
find_path(DNNL_INCLUDE dnnl.h)
find_library(DNNL_LIBRARY dnnl)
if(DNNL_INCLUDE AND DNNL_LIBRARY)
    target_compile_definitions(bench_products PRIVATE HAVE_DNNL)
    target_include_directories(bench_products SYSTEM PRIVATE ${DNNL_INCLUDE})
    target_link_libraries(bench_products PRIVATE ${DNNL_LIBRARY})
endif()
