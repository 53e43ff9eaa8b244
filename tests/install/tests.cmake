# Left out under sanitizers: a program without them cannot load a library with them.
if(NOT SNN_SANITIZE)
    add_test(NAME install COMMAND sh ${PROJECT_SOURCE_DIR}/tests/install/install.sh ${PROJECT_SOURCE_DIR}
        ${PROJECT_BINARY_DIR} ${CMAKE_COMMAND} ${CMAKE_C_COMPILER} ${PROJECT_VERSION})
    set_tests_properties(install PROPERTIES LABELS quick TIMEOUT 120 ENVIRONMENT "CMAKE_GENERATOR=${CMAKE_GENERATOR}")
endif()
