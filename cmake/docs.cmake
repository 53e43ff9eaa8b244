# The reference of the public headers: cmake --build build --target docs, then build/docs/html/index.html. A warning
# of Doxygen is an error: a function without a comment cannot stay unnoticed.
find_program(DOXYGEN_PROGRAM doxygen)
mark_as_advanced(DOXYGEN_PROGRAM)
if(DOXYGEN_PROGRAM)
    configure_file(docs/Doxyfile.in docs/Doxyfile @ONLY)
    add_custom_target(docs COMMAND ${DOXYGEN_PROGRAM} -q ${PROJECT_BINARY_DIR}/docs/Doxyfile
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} COMMENT "Reference in ${PROJECT_BINARY_DIR}/docs/html" VERBATIM)
endif()
