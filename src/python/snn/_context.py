"""Contexts: threads, seed, instruction set and memory of what is made from them; the names that the library knows."""

import ctypes
from ctypes import byref

from . import _values as values
from ._handles import Owned
from ._library import NAME_KINDS, ContextInfo, ContextOptions, library


def version():
    """Version of the library in use, "0.1.0"."""
    return library.snn_version_string().decode()


def names(kind):
    """Returns all names of a kind with their meaning: names("method") is {"bptt": "back-propagation through time",
    ...}. Kinds: "neuron", "layer", "network", "optimizer", "method", "format", "isa", "loss", "encoder", "surrogate",
    "schedule"."""
    number, out = values.choice(kind, NAME_KINDS, "kind"), {}
    while (name := library.snn_name(number, len(out))) is not None:
        out[name.decode()] = library.snn_name_text(number, len(out)).decode()
    return out


class Context(Owned):
    """Threads, seed and instruction set, shared by all objects made from it.

    product_table chooses the algorithms of products: a file of snn bench kernels --tune, or "measure"."""

    _noun = "context"

    def __init__(self, threads=0, seed=1, isa="best", product_table=None):
        options = ContextOptions()
        library.snn_context_options_init(byref(options), ctypes.sizeof(options))
        options.threads = values.whole(threads, "threads", high=2**32 - 1)
        options.seed = values.whole(seed, "seed", high=2**64 - 1)
        options.isa = values.word(isa, "isa")
        options.product_table = None if product_table is None else values.path(product_table)
        self._own(library.snn_context_create, byref(options))

    def info(self):
        out = ContextInfo()
        library.snn_context_get_info(self._handle, byref(out))
        return out
