# The promises of the headers, the library and the tree that no call can check from inside.
include(CheckLanguage)
check_language(CXX)

set(contract ${PROJECT_SOURCE_DIR}/tests/contract)

function(snn_contract_test name)
    add_test(NAME contract_${name} COMMAND sh ${contract}/${name}.sh ${PROJECT_SOURCE_DIR} ${ARGN})
    set_tests_properties(contract_${name} PROPERTIES LABELS quick TIMEOUT 120 SKIP_RETURN_CODE 77)
endfunction()

add_executable(abi ${contract}/abi.c)
target_include_directories(abi PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(abi PRIVATE snn_flags)

snn_contract_test(headers ${CMAKE_C_COMPILER} $<$<BOOL:${CMAKE_CXX_COMPILER}>:${CMAKE_CXX_COMPILER}>)
snn_contract_test(includes)
snn_contract_test(constants)
snn_contract_test(docs)
snn_contract_test(abi $<TARGET_FILE:abi>)
snn_contract_test(symbols $<TARGET_FILE:snn_shared> ${CMAKE_NM})
if(NOT SNN_SANITIZE) # the sanitizers' own calls and data are no business of ours
    snn_contract_test(calls $<TARGET_FILE:snn_static> ${CMAKE_NM} ${CMAKE_OBJDUMP})
endif()
