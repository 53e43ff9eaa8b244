"""How this copy of the module was built. This file belongs to the source tree; where CMake installs the module, it
puts a file made of build.py.in in its place."""

from __future__ import annotations

VERSION: str | None = None      # of the library that the module was made with; a source tree takes any
FOLDER = ""                     # of the libraries, as seen from this one
SONAME = ""                     # of libsnn
