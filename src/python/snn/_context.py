"""Contexts: threads, seed, instruction set and memory of what is made from them; the names that the library knows."""

from __future__ import annotations

import ctypes
from ctypes import byref

from . import _show as show
from . import _values as values
from ._handles import Owned
from ._library import NAME_KINDS, library
from ._structures import ContextInfo, ContextOptions
from ._types import Path


def version() -> str:
    """Version of the library in use, "0.1.0"."""
    text: bytes = library.snn_version_string()
    return text.decode()


def names(kind: str) -> dict[str, str]:
    """Returns all names of a kind with their meaning: names("method") is {"bptt": "back-propagation through time",
    ...}. Kinds: "neuron", "layer", "network", "optimizer", "method", "format", "isa", "loss", "encoder", "surrogate",
    "schedule"."""
    number, out = values.choice(kind, NAME_KINDS, "kind"), dict[str, str]()
    while (name := library.snn_name(number, len(out))) is not None:
        out[name.decode()] = library.snn_name_text(number, len(out)).decode()
    return out


class Context(Owned):
    """Threads, seed and instruction set, shared by all objects made from it.

    product_table chooses the algorithms of products: a file of snn bench kernels --tune, or "measure"."""

    _noun = "context"

    def __init__(self, threads: int = 0, seed: int = 1, isa: str = "best",
                 product_table: Path | None = None) -> None:
        options = ContextOptions()
        library.snn_context_options_init(byref(options), ctypes.sizeof(options))
        options.threads = values.whole(threads, "threads", high=2**32 - 1)
        options.seed = values.whole(seed, "seed", high=2**64 - 1)
        options.isa = values.word(isa, "isa")
        options.product_table = None if product_table is None else values.path(product_table)
        self._own(library.snn_context_create, byref(options))

    def __repr__(self) -> str:
        info = self.info().as_dict()
        return f"Context({show.fields({name: info[name] for name in ('threads', 'seed', 'isa')})})"

    def info(self) -> ContextInfo:
        """Returns threads, seed, instruction set, and bytes and allocations of what is made from the context."""
        out = ContextInfo()
        library.snn_context_get_info(self._handle, byref(out))
        return out
