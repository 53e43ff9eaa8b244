# The examples are built and run on data that the tests make.
if(SNN_EXAMPLES)
    if(NOT TARGET tiny_idx) # the tests of the tool make the same data
        add_executable(tiny_idx cli/tiny_idx.c)
        target_link_libraries(tiny_idx PRIVATE snn_flags)
    endif()
    add_test(NAME examples COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/examples/examples.sh $<TARGET_FILE:tiny_idx>
        $<TARGET_FILE:idx_train> $<$<TARGET_EXISTS:host>:$<TARGET_FILE:host>>)
    set_tests_properties(examples PROPERTIES LABELS quick TIMEOUT 300)
    if(NOT SNN_SANITIZE) # 100,000 steps, whose system calls are counted
        add_test(NAME control COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/examples/control.sh $<TARGET_FILE:control_loop>)
        set_tests_properties(control PROPERTIES LABELS quick TIMEOUT 300)
    endif()
    if(TARGET ranks_sockets)
        add_test(NAME ranks_sockets COMMAND
            sh ${CMAKE_CURRENT_SOURCE_DIR}/examples/ranks.sh $<TARGET_FILE:ranks_sockets>)
        set_tests_properties(ranks_sockets PROPERTIES LABELS quick TIMEOUT 300)
    endif()
    if(TARGET camera)
        add_test(NAME camera COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/examples/camera.sh $<TARGET_FILE:camera>)
        set_tests_properties(camera PROPERTIES LABELS quick TIMEOUT 300)
    endif()
    if(TARGET mpi_train AND SNN_MPIRUN AND NOT SNN_SANITIZE MATCHES "thread" AND NOT CMAKE_CROSSCOMPILING)
        add_test(NAME mpi_train COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/examples/mpi.sh ${SNN_MPIRUN}
            $<TARGET_FILE:tiny_idx> $<TARGET_FILE:mpi_train>)
        set_tests_properties(mpi_train PROPERTIES LABELS quick TIMEOUT 300 PROCESSORS 2)
    endif()
    foreach(how quick slow)
        add_test(NAME joint_${how} COMMAND
            sh ${CMAKE_CURRENT_SOURCE_DIR}/examples/joint.sh $<TARGET_FILE:joint> ${how})
        set_tests_properties(joint_${how} PROPERTIES LABELS ${how} TIMEOUT 600)
    endforeach()
    if(TARGET snn_shared AND NOT SNN_SANITIZE) # an interpreter without sanitizers cannot load a library with them
        add_test(NAME regression COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/examples/regression.sh ${PROJECT_SOURCE_DIR}
            $<TARGET_FILE:snn_shared> ${CMAKE_C_COMPILER} ${CMAKE_CXX_COMPILER})
        set_tests_properties(regression PROPERTIES LABELS quick TIMEOUT 120)
        add_test(NAME readme COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/examples/readme.sh ${PROJECT_SOURCE_DIR}
            $<TARGET_FILE:snn_shared> ${CMAKE_C_COMPILER})
        set_tests_properties(readme PROPERTIES LABELS quick TIMEOUT 300 SKIP_RETURN_CODE 77)
    endif()
endif()
