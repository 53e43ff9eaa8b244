# The Python module, as the component `python`: SNN_PYTHON_DIR is the folder that it is installed to, below the
# prefix, by default the one where Python looks for packages of that prefix.
set(needed QUIET)
if(SNN_PYTHON STREQUAL "ON")
    set(needed REQUIRED)
endif()
find_package(Python3 3.9 ${needed} COMPONENTS Interpreter)

if(Python3_FOUND AND NOT DEFINED SNN_PYTHON_DIR)
    # Debian's Python has a folder for /usr, which belongs to its packages, and another one for /usr/local.
    execute_process(OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND ${Python3_EXECUTABLE} -c "
import sysconfig, sys
scheme = getattr(sysconfig, 'get_default_scheme', lambda: 'posix_prefix')()
if sys.argv[1] == '/usr' and 'deb_system' in sysconfig.get_scheme_names():
    scheme = 'deb_system'
print(sysconfig.get_path('purelib', scheme, {'base': ''}).replace('/local/', '', 1).lstrip('/'))"
        ${CMAKE_INSTALL_PREFIX})
    set(SNN_PYTHON_DIR ${folder} CACHE PATH "Folder of the Python module, below the prefix")
endif()

if(SNN_PYTHON_DIR)
    cmake_path(ABSOLUTE_PATH SNN_PYTHON_DIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE folder)
    file(RELATIVE_PATH SNN_PYTHON_TO_LIBRARIES ${folder}/snn ${CMAKE_INSTALL_FULL_LIBDIR})
    configure_file(src/python/build.py.in python/build.py.in @ONLY)
    file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/python/_build.py INPUT ${PROJECT_BINARY_DIR}/python/build.py.in)
    install(DIRECTORY src/python/snn DESTINATION ${SNN_PYTHON_DIR} COMPONENT python
        FILES_MATCHING PATTERN "*.py" PATTERN "py.typed" PATTERN "__pycache__" EXCLUDE PATTERN "_build.py" EXCLUDE)
    install(FILES ${PROJECT_BINARY_DIR}/python/_build.py DESTINATION ${SNN_PYTHON_DIR}/snn COMPONENT python)
endif()
