"""NIR, the file format in which frameworks of spiking networks exchange graphs, by libsnn-nir.

    from snn import nir

    net = nir.load(ctx, "braille.nir", reset="zero")    # an ordinary network; warnings say what is lost
    nir.save(net, "out.nir", dt=1e-3)
    print(nir.Graph("braille.nir"))                     # a table of its nodes

Options say how neurons in continuous time become steps; docs/nir.md says what each stands for:

    dt          seconds; 0: that of the file
    reset       "file", "value", "zero", "subtract"
    decay       "euler", "exponential", "exact"
    current     "new", "previous"
    timing      "same", "late"
    integrate   "step", "time"
    fire        "file", "above", "at"

Importing this module raises ImportError where libsnn-nir is not there: it lies beside libsnn, or where
SNN_NIR_LIBRARY says."""

from __future__ import annotations

import json
import math
import warnings
from ctypes import POINTER, byref, c_double, c_int, c_size_t
from typing import TYPE_CHECKING, Dict, NamedTuple, Optional, Tuple

from . import _show as show
from . import _values as values
from ._context import Context
from ._handles import Owned, handle
from ._network import Network
from ._nir import NirDrift, NirInfo, NirNode, NirOptions, library
from ._types import ArrayLike, Doubles, Floats, Path

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Drift", "Graph", "Node", "NodeDrift", "load", "save"]

_WORDS = ("reset", "decay", "current", "timing", "integrate", "fire")


def _options(given: dict[str, str | float]) -> NirOptions:
    out = NirOptions()
    for name, value in given.items():
        if name == "dt":
            out.dt = values.real(value, "dt", 0.0)
        else:
            values.choice(name, dict.fromkeys(_WORDS), "option")
            setattr(out, name, values.word(value, name))
    return out


class Node(NamedTuple):
    """A node of a graph. The shape is that of its output, () if it is not known; `numbers` is the length of its
    arrays."""

    name: str
    type: str
    shape: Tuple[int, ...]
    numbers: int
    layer: Optional[str]    # that it became in the last translation


class NodeDrift(NamedTuple):
    """How far the layer of a node is from it."""

    layer: str
    potential: float    # largest difference of a membrane potential
    largest: float      # largest membrane potential of the graph, without its sign
    spikes: int         # of the graph
    differ: int         # neurons and steps at which only one of the two spikes


class Drift(Dict[str, NodeDrift]):
    """How far a network is from its graph, by node; shown as a table."""

    def __repr__(self) -> str:
        rows = [(node, each.layer, show.number(each.potential), show.number(each.largest), f"{each.spikes:,}",
                 f"{each.differ:,}") for node, each in self.items()]
        return show.table(("node", "layer", "difference", "of", "spikes", "differ"), rows, 4)


class Graph(Owned):
    """A NIR graph: Graph("braille.nir"), or Graph.of(network). Nested graphs are flattened, names joined by "/"."""

    _noun = "nir"
    _library = library

    def __init__(self, path: Path, context: Context | None = None) -> None:
        context = context if context is not None else Context(threads=1)
        self._own(library.snn_nir_open, handle(context, "context"), values.path(path), parents=(context,))

    @classmethod
    def of(cls, network: Network, dt: float | None = None) -> Self:
        """Translates a network; `dt` is the duration of a step in seconds, None that of the graph which the network
        came of, or 1e-4."""
        handle(network, "network")
        if dt is None:
            dt = json.loads(network.note("nir") or "{}").get("dt") or 1e-4
        return cls.__new__(cls)._own(library.snn_nir_export, network.prepare()._handle, values.real(dt, "dt", 0.0),
                                     parents=network._parents)

    def save(self, path: Path, level: int = 6) -> None:
        """Writes a file, in the place of an older one; `level` of compression is 0 (plain) to 9."""
        library.snn_nir_save(self._handle, values.path(path), values.whole(level, "level", 0, 9))

    def network(self, **options: str | float) -> Network:
        """Translates the graph to a network, which is prepared; remarks() then say what the options lose."""
        how = _options(options)
        return Network.__new__(Network)._make(
            lambda out, _context: library.snn_nir_import(out, self._handle, byref(how)), self._parents[0])

    def info(self) -> NirInfo:
        """Returns the numbers of nodes, edges and remarks, and the file's metadata."""
        out = NirInfo()
        library.snn_nir_get_info(self._handle, byref(out))
        out.hold()
        return out

    def nodes(self) -> list[Node]:
        """Returns the nodes, each after those that it reads."""
        nodes = []
        for index in range(self.info().nodes):
            node = NirNode()
            library.snn_nir_node(self._handle, index, byref(node))
            nodes.append(Node(node.name.decode(), node.type.decode(), tuple(node.dim[:node.rank]), node.numbers,
                              values.text(node.layer)))
        return nodes

    def edges(self) -> list[tuple[str, str, bool]]:
        """Returns the edges: names of two nodes, and True if it closes a loop and carries the step before."""
        names, out = [node.name for node in self.nodes()], []
        start, end, delayed = c_size_t(), c_size_t(), c_int()
        for index in range(self.info().edges):
            library.snn_nir_edge(self._handle, index, byref(start), byref(end), byref(delayed))
            out.append((names[start.value], names[end.value], bool(delayed.value)))
        return out

    def remarks(self) -> list[str]:
        """Returns what was repaired, and what is lost in the last translation."""
        return [library.snn_nir_remark(self._handle, index).decode() for index in range(self.info().remarks)]

    def _length(self, type: str) -> int:
        """Numbers of the input or the output."""
        return sum(math.prod(node.shape) for node in self.nodes() if node.type == type)

    def run(self, x: ArrayLike, membrane: str | None = None,
            **options: str | float) -> Doubles | tuple[Doubles, Doubles]:
        """Runs the graph itself, in double precision: x is [T,input], flat or in its shape. Returns the outputs,
        [T,output]; with the name of a node of neurons, and its potentials after the reset, [T,neurons]."""
        import numpy as np
        given, numbers = self._steps(x)
        how, out = _options(options), np.zeros((len(given), self._length("Output")))
        sizes = [math.prod(node.shape) for node in self.nodes() if node.name == membrane]
        u = np.zeros((len(given), *sizes))
        watched = None if membrane is None else values.word(membrane, "membrane")
        library.snn_nir_run(self._handle, byref(how), numbers, len(given), out.ctypes.data_as(POINTER(c_double)),
                            watched, u.ctypes.data_as(POINTER(c_double)))
        return out if membrane is None else (out, u)

    def _steps(self, x: ArrayLike) -> tuple[Floats, object]:
        given, numbers = values.floats(x, "x")
        length = self._length("Input")
        if given.ndim < 2 or math.prod(given.shape[1:]) != length:
            raise ValueError(f"x has shape {given.shape}; expected [T,{length}]")
        return given, numbers

    def check(self, network: Network, x: ArrayLike, **options: str | float) -> Drift:
        """Runs one sample, x [T,input], through the graph and the network that it was translated to last, with the
        same options, and returns what differs, by node."""
        given, numbers = self._steps(x)
        entries = (NirDrift * self.info().nodes)()
        for entry in entries:
            entry.__init__()    # type: ignore[misc]
        how, found = _options(options), c_size_t()
        library.snn_nir_check(self._handle, byref(how), handle(network, "network"), numbers, len(given), entries,
                              len(entries), byref(found))
        return Drift((each.node.decode(), NodeDrift(each.layer.decode(), each.potential, each.largest, each.spikes,
                                                    each.differ)) for each in entries[:found.value])

    def __repr__(self) -> str:
        return f"Graph({show.fields(self.info().as_dict())})"

    def __str__(self) -> str:
        rows = [(node.name, node.type, node.layer or "", show.shape(node.shape), f"{node.numbers:,}")
                for node in self.nodes()]
        return "\n".join([show.table(("node", "type", "layer", "output", "numbers"), rows, 1), *self.remarks()])


def load(context: Context, path: Path, **options: str | float) -> Network:
    """Reads a file and translates it to a network. What was repaired, or is lost, is warned of."""
    graph = Graph(path, context)
    network = graph.network(**options)
    for remark in graph.remarks():
        warnings.warn(remark, stacklevel=2)
    return network


def save(network: Network, path: Path, dt: float | None = None, level: int = 6) -> None:
    """Writes a network as a graph, as Graph.of() makes it. What is lost is warned of."""
    graph = Graph.of(network, dt)
    graph.save(path, level)
    for remark in graph.remarks():
        warnings.warn(remark, stacklevel=2)
