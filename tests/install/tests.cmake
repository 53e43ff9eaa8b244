# Left out under sanitizers: a program without them cannot load a library with them.
if(NOT SNN_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
    if(SNN_INSTALL AND TARGET snn)
        list(JOIN SNN_KINDS " " kinds)
        list(JOIN SNN_COMPONENTS " " components)
        add_test(NAME install COMMAND sh ${PROJECT_SOURCE_DIR}/tests/install/install.sh ${PROJECT_SOURCE_DIR}
            ${PROJECT_BINARY_DIR} ${CMAKE_COMMAND} ${CMAKE_C_COMPILER} ${PROJECT_VERSION} "${kinds}" "${components}")
        list(APPEND installs install)
    endif()
    foreach(script subproject configure)
        add_test(NAME ${script} COMMAND
            sh ${PROJECT_SOURCE_DIR}/tests/install/${script}.sh ${PROJECT_SOURCE_DIR} ${CMAKE_COMMAND}
            ${CMAKE_C_COMPILER})
        list(APPEND installs ${script})
    endforeach()
    set_tests_properties(${installs} PROPERTIES LABELS quick TIMEOUT 300
        ENVIRONMENT "CMAKE_GENERATOR=${CMAKE_GENERATOR}")
endif()
