# libsnn-events: a writer for every format.
if("events" IN_LIST SNN_COMPONENTS)
    add_library(snn_test_writers STATIC events/write.c events/write_aedat4.c events/write_arrays.c)
    target_link_libraries(snn_test_writers PRIVATE snn_flags PUBLIC snn_objects snn_events_objects)
    target_include_directories(snn_test_writers PUBLIC events)
    foreach(suite test_events_formats test_events_details test_events_layouts test_events_sets
            test_events_arrays test_events_ahead)
        target_link_libraries(${suite} PRIVATE snn_test_writers)
    endforeach()
    target_sources(test_events_samples PRIVATE events/figures.c)
    target_sources(test_events_layouts PRIVATE events/folder.c)
    target_sources(test_events_arrays PRIVATE events/folder.c)
    target_sources(test_events_ahead PRIVATE events/folder.c)
    target_sources(test_events_sets PRIVATE events/figures.c events/folder.c)
    add_executable(make_events events/make_events.c)
    target_link_libraries(make_events PRIVATE snn_flags snn_test_writers)
    add_executable(send_events events/send_events.c)
    target_link_libraries(send_events PRIVATE snn_flags)
    if(TARGET snn AND NOT CMAKE_CROSSCOMPILING)
        add_test(NAME events_tool COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/events/tool.sh $<TARGET_FILE:snn>
            $<TARGET_FILE:make_events>)
        set_tests_properties(events_tool PROPERTIES LABELS quick TIMEOUT ${timeout})
        add_test(NAME cli_live COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/live.sh $<TARGET_FILE:snn>
            $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_live $<TARGET_FILE:make_events>
            $<TARGET_FILE:send_events>)
        set_tests_properties(cli_live PROPERTIES LABELS quick TIMEOUT 600)
    endif()
endif()
