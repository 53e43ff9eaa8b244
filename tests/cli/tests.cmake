# The command line tool, driven by a shell script over a data set of its own.
if(TARGET snn)
    add_executable(tiny_idx cli/tiny_idx.c)
    target_link_libraries(tiny_idx PRIVATE snn_flags)
    foreach(part use wrong resume files signals foreign)
        add_test(NAME cli_${part} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/${part}.sh $<TARGET_FILE:snn>
            $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_${part})
        set_tests_properties(cli_${part} PROPERTIES LABELS quick TIMEOUT 600 SKIP_RETURN_CODE 77)
    endforeach()
    foreach(part quick slow)
        set(times_quick 5)
        set(times_slow 200)
        add_test(NAME cli_kill_${part} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/kill.sh $<TARGET_FILE:snn>
            $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_kill_${part} ${times_${part}})
        set_tests_properties(cli_kill_${part} PROPERTIES LABELS ${part} TIMEOUT 3600)
    endforeach()
endif()
