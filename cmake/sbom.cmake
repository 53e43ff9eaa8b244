# Contents of an installation in SPDX 2.3: cmake --build build --target sbom installs into build/sbom and writes
# build/libsnn.spdx.json, which names every file there with its checksums, and the libraries that libsnn and its
# components link, with their versions and licences.
if(CMAKE_SCRIPT_MODE_FILE)
    cmake_minimum_required(VERSION 3.22)
    include(${DATA})
else()
    set(SNN_SBOM_NEEDS "libsnn|zlib|${ZLIB_VERSION_STRING}|Zlib" "libsnn|jansson|${JANSSON_VERSION}|MIT")
    if(SNN_BLAS STREQUAL "cblas")
        list(APPEND SNN_SBOM_NEEDS "libsnn|blas|NOASSERTION|NOASSERTION")
    endif()
    set(licences ompi-c BSD-3-Clause mpich NOASSERTION liblz4 BSD-2-Clause libzstd BSD-3-Clause hdf5 NOASSERTION
        libarchive BSD-2-Clause libjpeg IJG libpng libpng-2.0)
    foreach(component ${SNN_COMPONENTS})
        foreach(target package IN ZIP_LISTS SNN_${component}_TARGETS SNN_${component}_PACKAGES)
            if(NOT package) # a library without a name
                continue()
            endif()
            string(REPLACE "PkgConfig::" "" prefix ${target})
            list(FIND licences ${package} at)
            math(EXPR at "${at} + 1")
            list(GET licences ${at} licence)
            list(APPEND SNN_SBOM_NEEDS "libsnn-${component}|${package}|${${prefix}_VERSION}|${licence}")
        endforeach()
    endforeach()
    if(SNN_TOOL)
        file(STRINGS ${PROJECT_SOURCE_DIR}/src/snn/report/uplot/uPlot.iife.min.js plot REGEX "uPlot \\(v")
        string(REGEX REPLACE ".*uPlot \\(v([0-9.]+)\\).*" "\\1" plot "${plot}")
        list(APPEND SNN_SBOM_NEEDS "libsnn|uPlot|${plot}|MIT") # in the pages that the tool writes
    endif()
    string(CONCAT data "set(VERSION ${PROJECT_VERSION})\nset(COMPONENTS \"${SNN_COMPONENTS}\")\n"
        "set(NEEDS \"${SNN_SBOM_NEEDS}\")\nset(TREE ${PROJECT_BINARY_DIR}/sbom)\n"
        "set(OUT ${PROJECT_BINARY_DIR}/libsnn.spdx.json)\n")
    file(CONFIGURE OUTPUT sbom.data.cmake CONTENT "${data}")
    add_custom_target(sbom COMMAND ${CMAKE_COMMAND} -E rm -rf ${PROJECT_BINARY_DIR}/sbom
        COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${PROJECT_BINARY_DIR}/sbom
        COMMAND ${CMAKE_COMMAND} -DDATA=${PROJECT_BINARY_DIR}/sbom.data.cmake -P ${CMAKE_CURRENT_LIST_FILE}
        COMMENT "Contents of an installation in ${PROJECT_BINARY_DIR}/libsnn.spdx.json" VERBATIM)
    foreach(kind ${SNN_KINDS})
        add_dependencies(sbom snn_${kind})
        foreach(component ${SNN_COMPONENTS})
            add_dependencies(sbom snn_${component}_${kind})
        endforeach()
    endforeach()
    if(SNN_TOOL)
        add_dependencies(sbom snn)
    endif()
    if(TARGET man)
        add_dependencies(sbom man)
    endif()
    return()
endif()

# row(LIST TEXT): the next row of a list of JSON
function(row list text)
    if(NOT "${${list}}" STREQUAL "")
        set(before "${${list}},\n")
    endif()
    set(${list} "${before}        ${text}" PARENT_SCOPE)
endfunction()

function(related from how to)
    row(relationships "{ \"spdxElementId\": \"SPDXRef-${from}\", \"relationshipType\": \"${how}\", \
\"relatedSpdxElement\": \"SPDXRef-${to}\" }")
    set(relationships "${relationships}" PARENT_SCOPE)
endfunction()

# package(NAME VERSION LICENCE MORE): MORE is what else its row says
function(package name version licence more)
    row(packages "{ \"SPDXID\": \"SPDXRef-${name}\", \"name\": \"${name}\", \"versionInfo\": \"${version}\", \
\"downloadLocation\": \"NOASSERTION\", \"licenseConcluded\": \"${licence}\", \
\"licenseDeclared\": \"${licence}\", ${more} }")
    set(packages "${packages}" PARENT_SCOPE)
endfunction()

set(ours "\"copyrightText\": \"Copyright (c) 2026 the libsnn authors\"")
set(theirs "\"copyrightText\": \"NOASSERTION\", \"filesAnalyzed\": false")
set(relationships)
set(packages)
set(files)
set(sums)
related(DOCUMENT DESCRIBES libsnn)
file(GLOB_RECURSE names RELATIVE ${TREE} ${TREE}/*)
set(count 0)
foreach(name ${names})
    if(IS_SYMLINK ${TREE}/${name})
        continue()
    endif()
    math(EXPR count "${count} + 1")
    file(SHA1 ${TREE}/${name} sha1)
    file(SHA256 ${TREE}/${name} sha256)
    list(APPEND sums ${sha1})
    row(files "{ \"SPDXID\": \"SPDXRef-File-${count}\", \"fileName\": \"./${name}\", \"checksums\": [ \
{ \"algorithm\": \"SHA1\", \"checksumValue\": \"${sha1}\" }, \
{ \"algorithm\": \"SHA256\", \"checksumValue\": \"${sha256}\" } ], \"licenseConcluded\": \"MIT\", ${ours} }")
    related(libsnn CONTAINS File-${count})
endforeach()
list(SORT sums)
list(JOIN sums "" sums)
string(SHA1 code "${sums}")
package(libsnn ${VERSION} MIT
    "${ours}, \"filesAnalyzed\": true, \
\"packageVerificationCode\": { \"packageVerificationCodeValue\": \"${code}\" }")
foreach(component ${COMPONENTS})
    package(libsnn-${component} ${VERSION} MIT "${ours}, \"filesAnalyzed\": false")
    related(libsnn CONTAINS libsnn-${component})
    related(libsnn-${component} DEPENDS_ON libsnn)
endforeach()
set(seen)
foreach(need ${NEEDS})
    string(REPLACE "|" ";" need "${need}")
    list(GET need 0 user)
    list(GET need 1 name)
    if(NOT name IN_LIST seen)
        list(GET need 2 version)
        list(GET need 3 licence)
        package(${name} ${version} ${licence} "${theirs}")
        list(APPEND seen ${name})
    endif()
    related(${user} DEPENDS_ON ${name})
endforeach()
string(TIMESTAMP now "%Y-%m-%dT%H:%M:%SZ" UTC)
file(WRITE ${OUT} "{
    \"spdxVersion\": \"SPDX-2.3\",
    \"dataLicense\": \"CC0-1.0\",
    \"SPDXID\": \"SPDXRef-DOCUMENT\",
    \"name\": \"libsnn-${VERSION}\",
    \"documentNamespace\": \"https://spdx.org/spdxdocs/libsnn-${VERSION}-${code}\",
    \"creationInfo\": { \"created\": \"${now}\", \"creators\": [ \"Tool: CMake-${CMAKE_VERSION}\" ] },
    \"packages\": [\n${packages}\n    ],
    \"files\": [\n${files}\n    ],
    \"relationships\": [\n${relationships}\n    ]
}
")
