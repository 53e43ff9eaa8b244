# The conformance program, over the cases that the repository holds.
add_executable(run_golden golden/run_golden.c golden/run_loop.c golden/run_ide.c golden/run_spide.c golden/run_opzo.c
               golden/run_sei.c golden/run_hlop.c golden/dsr.c golden/case.c golden/npy.c)
target_include_directories(run_golden PRIVATE golden)
target_link_libraries(run_golden PRIVATE snn_flags snn_objects m)

foreach(method ottt sltt ide dsr spide opzo sei hlop eprop)
    file(GLOB cases ${CMAKE_CURRENT_SOURCE_DIR}/golden/${method}/*)
    add_test(NAME golden_${method} COMMAND run_golden -q ${cases})
    set_tests_properties(golden_${method} PROPERTIES LABELS quick TIMEOUT 120)
endforeach()
file(GLOB cases ${CMAKE_CURRENT_SOURCE_DIR}/golden/*/*/case.txt)
list(TRANSFORM cases REPLACE "/case.txt$" "")
find_package(Python3 COMPONENTS Interpreter)
# The program that made the cases of e-prop holds its gradients against two others; what it writes now is cases, too.
if(Python3_FOUND AND NOT CMAKE_CROSSCOMPILING_EMULATOR) # which the shell knows nothing of
    add_test(NAME golden_eprop_made COMMAND sh -c "rm -rf $2; $0 $1 $2 && $3 -q $2/*/" ${Python3_EXECUTABLE}
        ${CMAKE_CURRENT_SOURCE_DIR}/golden/generate/eprop.py ${CMAKE_CURRENT_BINARY_DIR}/golden_eprop
        $<TARGET_FILE:run_golden>)
    set_tests_properties(golden_eprop_made PROPERTIES LABELS quick TIMEOUT 120)
endif()
if(Python3_FOUND AND NOT CMAKE_CROSSCOMPILING_EMULATOR) # which the script knows nothing of
    add_test(NAME golden_damaged COMMAND
        ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/golden/damage.py $<TARGET_FILE:run_golden>
        1 200 ${cases})
    set_tests_properties(golden_damaged PROPERTIES LABELS quick TIMEOUT 300)
endif()
add_test(NAME golden_plain COMMAND run_golden -q -r ${cases})
set_tests_properties(golden_plain PROPERTIES LABELS quick TIMEOUT 300)
