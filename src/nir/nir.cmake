# libsnn-nir: graphs of NIR. Its files are HDF5: without libhdf5 there is no such library.
snn_optional(SNN_HDF5 hdf5 hdf5.h H5Fopen)
if(SNN_HDF5_FOUND)
    snn_component(nir DESCRIPTION "NIR graphs for libsnn" NEEDS SNN_HDF5 hdf5 SNN_NIR_HDF5)
elseif(SNN_NIR STREQUAL "AUTO")
    message(STATUS "No libsnn-nir: it needs libhdf5 (Debian: libhdf5-dev)")
else()
    message(FATAL_ERROR "libsnn-nir needs libhdf5 (Debian: libhdf5-dev); SNN_NIR=AUTO builds without it")
endif()
