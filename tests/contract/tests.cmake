# The promises of the headers, the library and the tree that no call can check from inside.
include(CheckLanguage)
check_language(CXX)

set(contract ${PROJECT_SOURCE_DIR}/tests/contract)

function(snn_contract_test name)
    add_test(NAME contract_${name} COMMAND sh ${contract}/${name}.sh ${PROJECT_SOURCE_DIR} ${ARGN})
    set_tests_properties(contract_${name} PROPERTIES LABELS quick TIMEOUT 120 SKIP_RETURN_CODE 77)
endfunction()

snn_contract_test(headers ${CMAKE_C_COMPILER} $<$<BOOL:${CMAKE_CXX_COMPILER}>:${CMAKE_CXX_COMPILER}>)
snn_contract_test(export ${CMAKE_C_COMPILER} $<$<BOOL:${CMAKE_CXX_COMPILER}>:${CMAKE_CXX_COMPILER}>)
snn_contract_test(includes)
snn_contract_test(settings)
snn_contract_test(constants)
snn_contract_test(docs)
snn_contract_test(abi ${CMAKE_C_COMPILER})
snn_contract_test(reference ${PROJECT_BINARY_DIR})
if(TARGET snn_shared)
    snn_contract_test(symbols $<TARGET_FILE:snn_shared> ${CMAKE_NM})
endif()
set(linked)
foreach(target snn snn_shared)
    if(TARGET ${target})
        list(APPEND linked $<TARGET_FILE:${target}>)
    endif()
endforeach()
set(hardened OFF)
if(SNN_HAS_RELRO AND NOT SNN_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(hardened ON)
endif()
if(linked)
    snn_contract_test(linked ${CMAKE_OBJDUMP} ${hardened} ${linked})
endif()
if(TARGET snn_static AND NOT SNN_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug") # sanitizers and assert() have calls of their own
    snn_contract_test(calls $<TARGET_FILE:snn_static> ${CMAKE_NM} ${CMAKE_OBJDUMP})
endif()

# Structures of other sizes: every call that takes one, and programs compiled against headers that lack the last fields.
add_executable(structs ${contract}/structs.c ${contract}/structs_rows.c)
target_link_libraries(structs PRIVATE snn_flags ${SNN_LIBRARY})
snn_contract_test(structs $<TARGET_FILE:structs>)

find_package(Python3 COMPONENTS Interpreter)
if(TARGET snn_shared AND TARGET idx_train AND Python3_FOUND)
    set(older ${PROJECT_BINARY_DIR}/older)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.h)
    add_custom_command(OUTPUT ${older}/stamp DEPENDS ${contract}/older.py ${headers} VERBATIM
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${older}
        COMMAND ${Python3_EXECUTABLE} ${contract}/older.py ${PROJECT_SOURCE_DIR} ${older}
        COMMAND ${CMAKE_COMMAND} -E touch ${older}/stamp)
    add_custom_target(older_headers DEPENDS ${older}/stamp)
    add_executable(structs_older ${contract}/structs.c ${contract}/structs_rows.c)
    add_executable(idx_train_older ${PROJECT_SOURCE_DIR}/examples/idx_train.c)
    foreach(program structs_older idx_train_older)
        target_include_directories(${program} BEFORE PRIVATE ${older}/include)
        target_compile_definitions(${program} PRIVATE SNN_OLDER)
        target_link_libraries(${program} PRIVATE snn_flags snn_shared)
        add_dependencies(${program} older_headers)
    endforeach()
    snn_contract_test(older ${older} ${CMAKE_C_COMPILER} $<TARGET_FILE:structs_older> $<TARGET_FILE:tiny_idx>
        $<TARGET_FILE:idx_train> $<TARGET_FILE:idx_train_older>)
endif()
