# The C++ header, by the compiler of this build and by the others that there are.
include(CheckLanguage)
check_language(CXX)
if(CMAKE_CXX_COMPILER)
    enable_language(CXX)
    add_executable(test_cpp cpp/test_cpp.cpp)
    target_link_libraries(test_cpp PRIVATE snn_flags ${SNN_LIBRARY} Threads::Threads)
    target_compile_options(test_cpp PRIVATE -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor)
    set_target_properties(test_cpp PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
    add_test(NAME test_cpp COMMAND test_cpp)
    add_test(NAME cpp_compilers COMMAND
        sh ${CMAKE_CURRENT_SOURCE_DIR}/cpp/compilers.sh ${PROJECT_SOURCE_DIR} ${CMAKE_CXX_COMPILER})
    set_tests_properties(test_cpp cpp_compilers PROPERTIES LABELS quick TIMEOUT ${timeout})
endif()
