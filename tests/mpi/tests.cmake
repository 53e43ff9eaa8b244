# Programs under mpirun, of 1 to 4 ranks: over the MPI that libsnn-mpi is built for, and over the other of Open MPI
# and MPICH where that is installed, too. It has the component's sources a second time. A thread sanitizer knows
# nothing of what an MPI synchronises by itself.
if("mpi" IN_LIST SNN_COMPONENTS AND NOT SNN_SANITIZE MATCHES "thread" AND NOT CMAKE_CROSSCOMPILING)
    # snn_mpi_tests(NAME TARGET LAUNCHER): programs over the MPI of that target
    function(snn_mpi_tests name target launcher)
        if(NOT launcher)
            return()
        endif()
        file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/mpi/*.c)
        add_executable(mpi_table_${name} mpi/table.c mpi/refused.c ${sources})
        target_include_directories(mpi_table_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/mpi)
        target_compile_definitions(mpi_table_${name} PRIVATE "SNN_MPI_PIECE=((size_t)1024)")
        target_link_libraries(mpi_table_${name} PRIVATE snn_flags snn_objects ${target} Threads::Threads m)
        add_test(NAME mpi_table_${name} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/mpi/table.sh
            ${launcher} $<TARGET_FILE:mpi_table_${name}>)
        add_executable(mpi_models_${name} mpi/models.c ${sources})
        target_include_directories(mpi_models_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/mpi)
        target_link_libraries(mpi_models_${name} PRIVATE snn_flags snn_objects ${target} m)
        add_test(NAME mpi_models_${name} COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/mpi/models.sh
            ${launcher} $<TARGET_FILE:mpi_models_${name}>)
        set_tests_properties(mpi_table_${name} mpi_models_${name} PROPERTIES LABELS quick TIMEOUT ${timeout}
            PROCESSORS 2)
    endfunction()

    set(own openmpi)
    set(other mpich)
    set(package mpich)
    set(launchers mpirun.mpich mpiexec.hydra)
    if(SNN_mpi_PACKAGES STREQUAL "mpich")
        set(own mpich)
        set(other openmpi)
        set(package ompi-c)
        set(launchers mpirun.openmpi orterun)
    endif()
    snn_mpi_tests(${own} MPI::MPI_C "${SNN_MPIRUN}")
    find_program(SNN_OTHER_MPIRUN NAMES ${launchers})
    mark_as_advanced(SNN_OTHER_MPIRUN)
    snn_optional(SNN_OTHER_MPI ${package} mpi.h MPI_Init)
    if(SNN_OTHER_MPI_FOUND)
        snn_mpi_tests(${other} PkgConfig::SNN_OTHER_MPI "${SNN_OTHER_MPIRUN}")
    endif()

    if(TARGET mpi_models_${own})
        add_executable(bench_mpi mpi/bench_mpi.c)
        target_link_libraries(bench_mpi PRIVATE snn_flags snn::mpi MPI::MPI_C)
        add_test(NAME mpi_bench COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/mpi/bench.sh ${SNN_MPIRUN}
            $<TARGET_FILE:bench_mpi>)
        set_tests_properties(mpi_bench PROPERTIES LABELS quick TIMEOUT ${timeout} PROCESSORS 2)
    endif()
endif()
