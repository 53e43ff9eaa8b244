# The command line tool, driven by a shell script over a data set of its own.
if(TARGET snn)
    add_executable(tiny_idx cli/tiny_idx.c)
    target_link_libraries(tiny_idx PRIVATE snn_flags)
    # A library that takes malloc()'s place: where there is a name for the C library's own, and no sanitizer's.
    include(CheckFunctionExists)
    check_function_exists(__libc_realloc SNN_HAVE_LIBC_REALLOC)
    if(SNN_HAVE_LIBC_REALLOC AND NOT SNN_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
        add_library(short_malloc MODULE cli/short_malloc.c)
    endif()
    # A library that takes the place of calls on files.
    if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT SNN_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
        add_library(fault_at MODULE cli/fault_at.c)
        target_link_libraries(fault_at PRIVATE ${CMAKE_DL_LIBS})
        foreach(part moments faults)
            add_test(NAME cli_${part} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/${part}.sh $<TARGET_FILE:snn>
                $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_${part} $<TARGET_FILE:fault_at>)
            set_tests_properties(cli_${part} PROPERTIES LABELS quick TIMEOUT 600)
        endforeach()
    endif()
    set(sweep sweep)
    if(SNN_SANITIZE)
        set(sweep) # the same trainings, in processes of their own
    endif()
    foreach(part use predict validation help ${sweep} tensorboard tasks wrong resume files signals foreign locale)
        add_test(NAME cli_${part} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/${part}.sh $<TARGET_FILE:snn>
            $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_${part})
        set_tests_properties(cli_${part} PROPERTIES LABELS quick TIMEOUT 600 SKIP_RETURN_CODE 77)
    endforeach()
    # The page of a report is the same in every build; a browser looks at it where Chromium is.
    if(NOT SNN_SANITIZE AND SNN_BLAS STREQUAL "builtin")
        add_test(NAME cli_report COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/report.sh $<TARGET_FILE:snn>
            $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_report ${PROJECT_SOURCE_DIR})
        set_tests_properties(cli_report PROPERTIES LABELS quick TIMEOUT 600)
    endif()
    set(lacks)
    if(NOT "nir" IN_LIST SNN_COMPONENTS)
        set(lacks lacks)
    endif()
    add_test(NAME cli_convert COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/convert.sh $<TARGET_FILE:snn>
        $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_convert ${lacks})
    set_tests_properties(cli_convert PROPERTIES LABELS quick TIMEOUT 600)
    foreach(part quick slow)
        add_test(NAME cli_recipes_${part} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/recipes.sh $<TARGET_FILE:snn>
            $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_recipes_${part}
            ${PROJECT_SOURCE_DIR}/docs/recipes.md ${part})
        set_tests_properties(cli_recipes_${part} PROPERTIES LABELS ${part} TIMEOUT 7200)
        set(times_quick 5)
        set(times_slow 200)
        set(requests_quick 20)
        set(requests_slow 100000) # all
        add_test(NAME cli_kill_${part} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/kill.sh $<TARGET_FILE:snn>
            $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_kill_${part} ${times_${part}})
        set_tests_properties(cli_kill_${part} PROPERTIES LABELS ${part} TIMEOUT 3600)
        if(TARGET short_malloc)
            add_test(NAME cli_memory_${part} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/memory.sh $<TARGET_FILE:snn>
                $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/cli_memory_${part} $<TARGET_FILE:short_malloc>
                ${requests_${part}})
            set_tests_properties(cli_memory_${part} PROPERTIES LABELS ${part} TIMEOUT 7200)
        endif()
    endforeach()
    if("mpi" IN_LIST SNN_COMPONENTS AND TARGET snn_mpi_shared AND NOT SNN_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
        include(cli/ranks.cmake)
    endif()
endif()
