"""python3 -m snn: which module and which library these are."""

import os

from . import Context, __version__, version
from ._library import PATH

print(f"snn {__version__} in {os.path.dirname(os.path.realpath(__file__))}")
print(f"libsnn {version()}, {os.path.realpath(PATH) if os.path.dirname(PATH) else PATH}")
print(f"instruction set {Context(threads=1).info().isa.decode()}")
