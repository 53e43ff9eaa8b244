# NIR files that the tool writes, read by h5py as the reference implementation reads them.
find_package(Python3 COMPONENTS Interpreter)
if(TARGET snn AND TARGET tiny_idx AND "nir" IN_LIST SNN_COMPONENTS AND Python3_FOUND)
    add_test(NAME nir_layout COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/nir/layout.sh $<TARGET_FILE:snn>
        $<TARGET_FILE:tiny_idx> ${CMAKE_CURRENT_BINARY_DIR}/nir_layout ${Python3_EXECUTABLE})
    set_tests_properties(nir_layout PROPERTIES LABELS quick TIMEOUT 300 SKIP_RETURN_CODE 77)
endif()
