# Who touches the arrays of a pass, of the library's own code.
if(NOT CMAKE_CROSSCOMPILING AND SNN_BLAS STREQUAL "builtin")
    add_executable(seam ${CMAKE_CURRENT_LIST_DIR}/seam.c)
    target_compile_definitions(seam PRIVATE _GNU_SOURCE)
    target_link_libraries(seam PRIVATE snn_flags snn_test_support snn_objects m)
    add_test(NAME pass_seam COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/seam.sh $<TARGET_FILE:seam>
        ${PROJECT_BINARY_DIR}/CMakeFiles/snn_objects.dir/lib ${CMAKE_CURRENT_LIST_DIR}/seam.txt)
    set_tests_properties(pass_seam PROPERTIES LABELS quick TIMEOUT ${timeout} SKIP_RETURN_CODE 77)
endif()
