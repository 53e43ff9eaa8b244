# The examples are built and run on data that the tests make.
if(SNN_EXAMPLES)
    add_executable(make_idx ${PROJECT_SOURCE_DIR}/tests/examples/make_idx.c)
    target_link_libraries(make_idx PRIVATE snn_flags)
    add_test(NAME examples COMMAND sh ${PROJECT_SOURCE_DIR}/tests/examples/examples.sh $<TARGET_FILE:make_idx>
        $<TARGET_FILE:idx_train> $<$<TARGET_EXISTS:host>:$<TARGET_FILE:host>>)
    set_tests_properties(examples PROPERTIES LABELS quick TIMEOUT 300)
    if(NOT SNN_SANITIZE) # an interpreter without sanitizers cannot load a library with them
        add_test(NAME python COMMAND sh ${PROJECT_SOURCE_DIR}/tests/examples/python.sh ${PROJECT_SOURCE_DIR}
            $<TARGET_FILE:snn_shared> $<TARGET_FILE:make_idx>)
        set_tests_properties(python PROPERTIES LABELS quick TIMEOUT 120 SKIP_RETURN_CODE 77)
    endif()
endif()
