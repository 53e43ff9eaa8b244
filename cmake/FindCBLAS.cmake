# FindCBLAS - a BLAS with the C interface, as the target CBLAS::CBLAS.
#
# BLA_VENDOR chooses the library, as for CMake's FindBLAS: Generic is libblas, which Debian's update-alternatives
# points to OpenBLAS, BLIS or the reference; OpenBLAS, FLAME (BLIS) and others name one. Without it libblas is taken,
# then whatever there is, then what pkg-config knows.
include(CheckCSourceCompiles)
include(CMakePushCheckState)
include(FindPackageHandleStandardArgs)

if(NOT DEFINED BLA_VENDOR)
    set(BLA_VENDOR Generic)
    find_package(BLAS QUIET)
    unset(BLA_VENDOR)
endif()
if(NOT BLAS_FOUND)
    find_package(BLAS QUIET)
endif()
if(BLAS_FOUND)
    set(CBLAS_LIBRARIES ${BLAS_LIBRARIES})
else()
    find_package(PkgConfig QUIET)
    if(PkgConfig_FOUND)
        pkg_search_module(CBLAS_PC QUIET cblas openblas blis)
        set(CBLAS_LIBRARIES ${CBLAS_PC_LINK_LIBRARIES})
    endif()
endif()
find_path(CBLAS_INCLUDE_DIR cblas.h HINTS ${CBLAS_PC_INCLUDE_DIRS} PATH_SUFFIXES openblas blis)
mark_as_advanced(CBLAS_INCLUDE_DIR)

# The reference keeps the C interface in a library of its own.
foreach(more "" cblas)
    if(CBLAS_LIBRARIES AND CBLAS_INCLUDE_DIR AND NOT CBLAS_LINKS)
        unset(CBLAS_LINKS CACHE)
        cmake_push_check_state(RESET)
        set(CMAKE_REQUIRED_QUIET TRUE)
        set(CMAKE_REQUIRED_INCLUDES ${CBLAS_INCLUDE_DIR})
        set(CMAKE_REQUIRED_LIBRARIES ${more} ${CBLAS_LIBRARIES} m)
        check_c_source_compiles("#include <cblas.h>
            int main(void)
            {
                float x = 1;
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, 1, 1, 1, &x, 1, &x, 1, 0, &x, 1);
                return 0;
            }" CBLAS_LINKS)
        cmake_pop_check_state()
        if(CBLAS_LINKS)
            list(PREPEND CBLAS_LIBRARIES ${more})
        endif()
    endif()
endforeach()

find_package_handle_standard_args(CBLAS REQUIRED_VARS CBLAS_LIBRARIES CBLAS_INCLUDE_DIR CBLAS_LINKS
    REASON_FAILURE_MESSAGE
    "no BLAS with cblas.h and cblas_sgemm() was found (Debian: libopenblas-dev, libblis-dev or libblas-dev)")
if(CBLAS_FOUND AND NOT TARGET CBLAS::CBLAS)
    add_library(CBLAS::CBLAS INTERFACE IMPORTED)
    set_target_properties(CBLAS::CBLAS PROPERTIES INTERFACE_LINK_LIBRARIES "${CBLAS_LIBRARIES}"
        INTERFACE_INCLUDE_DIRECTORIES ${CBLAS_INCLUDE_DIR})
endif()
