# libsnn-mpi: ranks over MPI, the one of CMake's FindMPI: -DMPI_C_COMPILER=mpicc.mpich takes another than mpicc.
find_package(MPI QUIET COMPONENTS C)
if(MPI_C_FOUND)
    set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_C)
    set(CMAKE_REQUIRED_QUIET ON)
    check_c_source_compiles("#include <mpi.h>
        #ifndef OPEN_MPI
        #error another
        #endif
        int main(void) { return MPI_SUCCESS; }" SNN_MPI_OPEN_${MPI_C_COMPILER})
    unset(CMAKE_REQUIRED_LIBRARIES)
    unset(CMAKE_REQUIRED_QUIET)
    set(package mpich) # the module of pkg-config, for programs that link the static library
    set(launchers mpirun.mpich mpiexec.hydra)
    if(SNN_MPI_OPEN_${MPI_C_COMPILER})
        set(package ompi-c)
        set(launchers mpirun.openmpi orterun)
    endif()
    find_program(SNN_MPIRUN NAMES ${launchers} mpirun DOC "What starts ranks over the MPI of libsnn-mpi, in tests")
    mark_as_advanced(SNN_MPIRUN)
    snn_component(mpi DESCRIPTION "Ranks over MPI for libsnn" NEEDS MPI::MPI_C ${package} SNN_MPI)
    pkg_check_modules(SNN_MPI_PACKAGE QUIET ${package})
    set(MPI::MPI_C_VERSION ${SNN_MPI_PACKAGE_VERSION}) # in the bill of materials
    if(NOT SNN_MPI_PACKAGE_FOUND) # an MPI that pkg-config does not know: static programs bring it along
        set(SNN_mpi_PACKAGES)
    endif()
elseif(SNN_MPI STREQUAL "AUTO")
    message(STATUS "No libsnn-mpi: it needs an MPI (Debian: libopenmpi-dev or libmpich-dev)")
else()
    message(FATAL_ERROR "libsnn-mpi needs an MPI (Debian: libopenmpi-dev or libmpich-dev); SNN_MPI=AUTO builds "
        "without it")
endif()
