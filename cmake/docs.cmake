# The documentation as one static site: cmake --build build --target site, then build/docs/html/index.html. The target
# docs leaves out the gallery's run, which takes a minute, and shows what the last run has left. A warning of Doxygen
# is an error, so that a function without a comment cannot stay unnoticed, and so is a link that leads nowhere.
find_program(DOXYGEN_PROGRAM doxygen)
find_package(Python3 3.9 QUIET COMPONENTS Interpreter)
mark_as_advanced(DOXYGEN_PROGRAM)
if(DOXYGEN_PROGRAM AND Python3_FOUND)
    configure_file(docs/site/Doxyfile.in docs/Doxyfile @ONLY)
    add_custom_target(docs COMMAND ${CMAKE_COMMAND} -E rm -rf ${PROJECT_BINARY_DIR}/docs/content
        COMMAND ${DOXYGEN_PROGRAM} -q ${PROJECT_BINARY_DIR}/docs/Doxyfile
        COMMAND ${Python3_EXECUTABLE} -B docs/site/site.py . ${PROJECT_BINARY_DIR}/docs/content
        ${PROJECT_BINARY_DIR}/docs/html ${PROJECT_VERSION}
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} COMMENT "Site in ${PROJECT_BINARY_DIR}/docs/html" VERBATIM)
    if(TARGET snn_shared)
        add_custom_target(gallery COMMAND sh tests/python/run.sh ${PROJECT_SOURCE_DIR} $<TARGET_FILE:snn_shared>
            docs/site/gallery.py . ${PROJECT_BINARY_DIR}/docs/gallery
            WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
        foreach(component ${SNN_COMPONENTS})
            add_dependencies(gallery snn_${component}_shared)
        endforeach()
        add_custom_target(site COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target docs
            DEPENDS gallery VERBATIM)
        add_dependencies(site gallery)
    endif()
endif()
