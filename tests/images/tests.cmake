# libsnn-images: files that libjpeg and libpng write.
if("images" IN_LIST SNN_COMPONENTS)
    foreach(suite test_images_decode test_images_sets)
        target_sources(${suite} PRIVATE images/files.c)
    endforeach()
endif()
