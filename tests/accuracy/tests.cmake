# The promised accuracies: some forty minutes on two cores, so under a label of their own. docs/results.md has the
# figures.
if(SNN_TOOL)
    add_test(NAME accuracy COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/accuracy/accuracy.sh $<TARGET_FILE:snn>
        ${PROJECT_BINARY_DIR}/accuracy)
    add_test(NAME accuracy_binary COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/accuracy/binary.sh $<TARGET_FILE:snn>
        ${PROJECT_BINARY_DIR}/accuracy/binary)
    foreach(group feedback continual spikes events arrays)
        add_test(NAME accuracy_${group} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/accuracy/${group}.sh $<TARGET_FILE:snn>
            ${PROJECT_BINARY_DIR}/accuracy/${group})
        set_tests_properties(accuracy_${group} PROPERTIES LABELS slow TIMEOUT 7200 SKIP_RETURN_CODE 77)
    endforeach()
    set_tests_properties(accuracy accuracy_binary PROPERTIES
        LABELS slow TIMEOUT 7200 SKIP_RETURN_CODE 77)
endif()
