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
    add_test(NAME package_versions COMMAND sh ${PROJECT_SOURCE_DIR}/tests/install/versions.sh ${PROJECT_SOURCE_DIR}
        ${PROJECT_VERSION})
    list(APPEND installs package_versions)
    find_package(Python3 3.9 QUIET COMPONENTS Interpreter)
    if(SNN_INSTALL AND TARGET snn AND Python3_FOUND AND SNN_BLAS STREQUAL "builtin")
        add_test(NAME sbom COMMAND sh -c "${CMAKE_COMMAND} --build . --target sbom > sbom.log &&
            ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/install/sbom.py libsnn.spdx.json sbom")
        set_tests_properties(sbom PROPERTIES WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
        list(APPEND installs sbom)
    endif()
    add_test(NAME packages COMMAND sh ${PROJECT_SOURCE_DIR}/packaging/build.sh)
    set_tests_properties(packages PROPERTIES LABELS slow TIMEOUT 3600 SKIP_RETURN_CODE 77)
    set_tests_properties(${installs} PROPERTIES LABELS quick TIMEOUT 300
        ENVIRONMENT "CMAKE_GENERATOR=${CMAKE_GENERATOR}")
endif()
