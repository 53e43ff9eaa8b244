# The libraries beside libsnn: each is built of src/NAME on the public interface alone, has one header, snn/NAME.h, an
# export list, src/NAME/NAME.map, and the kinds that libsnn has. A component is AUTO (what it can do depends on the
# libraries that are found), ON (all of them have to be there) or OFF.

# snn_optional(TARGET PACKAGE HEADER CALL): a library that may be absent, by pkg-config. Sets TARGET_FOUND; it has to
# link with this compiler, which for another machine that of the system does not.
function(snn_optional target package header call)
    set(CMAKE_FIND_LIBRARY_SUFFIXES .so .a) # in builds of static libraries as well: their needs are not ours to know
    pkg_check_modules(${target} QUIET IMPORTED_TARGET ${package})
    if(${target}_FOUND)
        set(CMAKE_REQUIRED_LIBRARIES PkgConfig::${target})
        set(CMAKE_REQUIRED_QUIET ON)
        check_c_source_compiles("#include <stddef.h>
            #include <stdio.h>
            #include <${header}>
            int main(void) { return ((size_t)&${call}) == 0; }" SNN_LINKS_${target})
    endif()
    set(found OFF)
    if(${target}_FOUND AND SNN_LINKS_${target})
        set(found ON)
    else()
        unset(SNN_LINKS_${target} CACHE) # the next run looks again
    endif()
    set(${target}_FOUND ${found} PARENT_SCOPE)
endfunction()

# snn_component(NAME DESCRIPTION text [READS_AHEAD] [NEEDS target package define]...)
#
# READS_AHEAD: it has what components with data on disk share: src/ahead.c, src/slots.c and src/disk.c.
# NEEDS: triples of an imported target, that of a pkg-config package without its PkgConfig::, the pkg-config package,
# and what is defined where it is there.
function(snn_component name)
    cmake_parse_arguments(arg READS_AHEAD DESCRIPTION NEEDS ${ARGN})
    set(targets)
    set(packages)
    set(defines)
    list(LENGTH arg_NEEDS length)
    if(length GREATER 0)
        math(EXPR last "${length} - 1")
        foreach(i RANGE 0 ${last} 3)
            list(SUBLIST arg_NEEDS ${i} 3 need)
            list(POP_FRONT need target package define)
            if(NOT target MATCHES "::")
                set(target PkgConfig::${target})
            endif()
            list(APPEND targets ${target})
            list(APPEND packages ${package})
            list(APPEND defines ${define})
        endforeach()
    endif()

    set(folder ${PROJECT_SOURCE_DIR}/src/${name})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
    if(arg_READS_AHEAD)
        list(APPEND sources ${PROJECT_SOURCE_DIR}/src/ahead.c ${PROJECT_SOURCE_DIR}/src/slots.c
            ${PROJECT_SOURCE_DIR}/src/disk.c)
    endif()
    add_library(snn_${name}_objects OBJECT ${sources})
    target_include_directories(snn_${name}_objects PUBLIC ${PROJECT_SOURCE_DIR}/include)
    target_compile_definitions(snn_${name}_objects PRIVATE SNN_BUILDING PUBLIC ${defines})
    target_link_libraries(snn_${name}_objects PRIVATE snn_flags PUBLIC ${targets})
    set_target_properties(snn_${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
    foreach(kind ${SNN_KINDS})
        string(TOUPPER ${kind} type)
        set(library snn_${name}_${kind})
        add_library(${library} ${type} $<TARGET_OBJECTS:snn_${name}_objects>)
        target_link_libraries(${library} PRIVATE $<BUILD_INTERFACE:snn_flags> ${targets} m PUBLIC snn_${kind})
        set_target_properties(${library} PROPERTIES OUTPUT_NAME snn-${name} EXPORT_NAME ${name}-${kind}
            LINKER_LANGUAGE C LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
            ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
        add_library(snn::${name}-${kind} ALIAS ${library})
    endforeach()
    list(GET SNN_KINDS 0 kind)
    add_library(snn::${name} ALIAS snn_${name}_${kind})
    if(TARGET snn_${name}_shared)
        set_target_properties(snn_${name}_shared PROPERTIES VERSION ${PROJECT_VERSION}
            SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINK_DEPENDS ${folder}/${name}.map
            BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN")
        if(UNIX AND NOT APPLE)
            target_link_options(snn_${name}_shared PRIVATE
                -Wl,--version-script=${folder}/${name}.map -Wl,--no-undefined)
        endif()
    endif()
    set(SNN_COMPONENTS ${SNN_COMPONENTS} ${name} PARENT_SCOPE)
    set(SNN_${name}_TARGETS ${targets} PARENT_SCOPE)
    set(SNN_${name}_PACKAGES ${packages} PARENT_SCOPE)
    set(SNN_${name}_DESCRIPTION ${arg_DESCRIPTION} PARENT_SCOPE)
endfunction()
