# A system that starts no more threads: the test decides how many.
target_link_options(test_core_host PRIVATE -Wl,--wrap=pthread_create)
