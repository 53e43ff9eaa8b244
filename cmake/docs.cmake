# The documentation as one static site, pages and reference: cmake --build build --target docs, then
# build/docs/html/index.html. A warning of Doxygen is an error, a function without a comment cannot stay unnoticed;
# and so is a link that leads nowhere.
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
endif()
