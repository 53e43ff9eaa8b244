"""Networks, their layers and neurons, and the files that keep them."""

from __future__ import annotations

import ctypes
import math
import weakref
from ctypes import byref, c_char_p, c_float, c_int, c_size_t
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping

from . import _safetensors as safetensors
from . import _show as show
from . import _values as values
from ._context import names
from ._handles import Owned, Parameters, handle
from ._library import LAYER, SIGN, Error, library
from ._structures import LayerInfo, LoadOptions, LoadReport, ModelInfo, NetworkInfo, TensorInfo
from ._types import Floats, Path, Setting

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._context import Context
    from ._recorder import Recorder
    from ._trainer import Evaluator


class Neuron(Owned, Parameters):
    """A prototype of a neuron population: Neuron(ctx, "lif", tau=2.0)."""

    _noun = "neuron"

    def __init__(self, context: Context, model: str = "lif", **parameters: Setting) -> None:
        self._own(library.snn_neuron_create, handle(context, "context"), values.word(model, "neuron"),
                  parents=(context,))
        self._name = model
        self.set(**parameters)

    def __repr__(self) -> str:
        return f"Neuron({show.arguments(self._name, self._changed())})"


class Layer(Parameters):
    """One layer, borrowed from its network."""

    _noun = "layer"

    def __init__(self, network: Network, pointer: Any) -> None:
        self._network = network
        self._node = network._node
        self._pointer = pointer

    @property
    def _handle(self) -> Any:
        return self._pointer

    def info(self) -> LayerInfo:
        """Returns name, type, shapes and the numbers of parameters, tensors and inputs."""
        out = LayerInfo()
        library.snn_layer_get_info(self._handle, byref(out))
        return out

    @property
    def name(self) -> str:
        return self.info().name.decode()

    @property
    def type(self) -> str:
        return self.info().type.decode()

    def __repr__(self) -> str:
        info = self.info()
        return (f"Layer({self.name!r}, {self.type}, {show.shape(info.in_.tuple())} -> "
                f"{show.shape(info.out.tuple())}, {show.count(info.parameters, 'parameter')})")

    def connect(self, source: str, delay: int = 0) -> Self:
        """Connects an input to the layer named `source` in place of the previous layer; with a delay, to its value
        of as many steps before."""
        library.snn_layer_connect(self._handle, values.word(source, "layer"),
                                  values.whole(delay, "delay", high=2**31 - 1))
        return self

    def tensors(self) -> list[str]:
        """Names of the layer's tensors."""
        return [info.name.decode() for info in self._tensor_infos()]

    def _tensor_infos(self) -> list[TensorInfo]:
        infos = [TensorInfo() for _ in range(self.info().tensors)]
        for index, info in enumerate(infos):
            library.snn_layer_tensor(self._handle, index, byref(info))
        return infos

    def _trained(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the tensors that methods train."""
        return [(info.name.decode(), tuple(info.dim[:info.rank])) for info in self._tensor_infos() if info.trained]

    def inputs(self) -> list[tuple[str, int]]:
        """Names of the layers that it reads, "input" for the network's input, each with a delay in steps."""
        out = []
        for index in range(self.info().inputs):
            source, delay = c_char_p(), c_int()
            library.snn_layer_input(self._handle, index, byref(source), byref(delay))
            out.append(((source.value or b"").decode(), delay.value))
        return out

    def tensor(self, name: str) -> Floats:
        """A tensor as a NumPy array over the library's own memory: nothing is copied, and writing to it changes the
        network. The array keeps the network alive, and the network does not pack() as long as it is there. Binary
        weights of a packed network are signs there: of them the array is a copy, which cannot be written to."""
        import numpy as np
        out = TensorInfo()
        library.snn_layer_tensor_named(self._handle, values.word(name, "tensor"), byref(out))
        if out.element == SIGN:
            return values.signs(out)
        numbers: Any = (c_float * out.length).from_address(out.data)
        numbers._network = self._network
        self._network._views[id(numbers)] = numbers
        return np.ctypeslib.as_array(numbers).reshape(tuple(out.dim[:out.rank]))


class Network(Owned):
    """A network for samples of `shape`, without layers at first; build(), load() and parse() return complete ones."""

    _noun = "network"

    def __init__(self, context: Context, shape: Iterable[int]) -> None:
        self._make(library.snn_network_create, context, *values.sizes(shape))

    def _make(self, create: Callable[..., object], context: Context, *arguments: object) -> Self:
        self._views: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()  # arrays over tensors
        self._trainers: weakref.WeakSet[Evaluator] = weakref.WeakSet()
        self._recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()
        return self._own(create, handle(context, "context"), *arguments, parents=(context,))

    @classmethod
    def build(cls, context: Context, name: str, shape: Iterable[int], classes: int,
              neuron: Neuron | None = None) -> Self:
        """Builds a network from a name ("vgg11-ws") or notation ("784-800-10")."""
        return cls.__new__(cls)._make(library.snn_network_build, context, values.word(name, "network"),
                                      *values.sizes(shape),
                                      values.whole(classes, "classes"), handle(neuron, "neuron", optional=True))

    @classmethod
    def load(cls, context: Context, path: Path) -> Self:
        """Loads a network from a model file or checkpoint."""
        return cls.__new__(cls)._make(library.snn_network_load, context, values.path(path))

    @classmethod
    def parse(cls, context: Context, json: str) -> Self:
        """Builds a network from the JSON of describe()."""
        return cls.__new__(cls)._make(library.snn_network_parse, context, values.word(json, "architecture"))

    def save(self, path: Path) -> None:
        """Writes a model file."""
        library.snn_network_save(self._handle, values.path(path))

    def save_packed(self, path: Path) -> None:
        """Writes a model file with one bit for every weight of a binary layer."""
        library.snn_network_save_packed(self._handle, values.path(path))

    def load_tensors(self, path: Path, names: Mapping[str, str | None] | None = None, *,
                     strict: bool = False) -> LoadReport:
        """Loads the tensors of a file that have the name and the shape of this network's, and returns how many were
        loaded, missing, mismatched and unused. The file is a model, a checkpoint, or a .safetensors file of another
        program with tensors LAYER.TENSOR. names: {"a": "b"} loads layer a of the file into layer b, {"a": None}
        leaves it out. strict: raises an exception, and changes nothing, unless both have the same tensors."""
        if not safetensors.is_model(path):
            return safetensors.load(self, path, names or {}, strict)
        self.prepare()
        options, report = LoadOptions(), LoadReport()
        pairs = ",".join(f"{a}={b or ''}" for a, b in (names or {}).items())
        options.strict, options.names = int(strict), values.word(pairs, "names")
        library.snn_network_load_tensors(self._handle, values.path(path), byref(options), byref(report))
        return report

    def save_tensors(self, path: Path) -> None:
        """Writes the tensors alone as a .safetensors file, LAYER.TENSOR each, for other programs."""
        safetensors.save(self, path)

    def pack(self) -> Self:
        """Replaces the latent weights of binary layers by one bit each: the network can then only evaluate."""
        if self._views:
            raise BufferError("arrays still refer to the network's tensors: copy() and delete them before pack()")
        library.snn_network_pack(self._handle)
        return self

    def set_note(self, key: str, text: str | None) -> Self:
        """Attaches a text that model files keep; None removes it."""
        library.snn_network_set_note(self._handle, values.word(key, "key"),
                                     None if text is None else values.word(text, "text"))
        return self

    def note(self, key: str) -> str | None:
        """Returns an attached text, or None."""
        return values.text(library.snn_network_note(self._handle, values.word(key, "key")))

    def describe(self) -> str:
        """Returns the architecture as JSON."""
        size = c_size_t()
        library.snn_network_describe(self._handle, None, 0, byref(size))
        text = ctypes.create_string_buffer(size.value)
        library.snn_network_describe(self._handle, text, size, None)
        return text.value.decode()

    def add(self, kind: str | Neuron, name: str | None = None, **parameters: Setting) -> Layer:
        """Adds a layer: add("linear", out=10), or a population: add(neuron)."""
        layer = LAYER()
        called = values.word(name, "layer") if name else None
        if isinstance(kind, Neuron):
            library.snn_network_add_neuron(self._handle, kind._handle, called, byref(layer))
        else:
            library.snn_network_add(self._handle, values.word(kind, "layer type"), called, byref(layer))
        try:
            return Layer(self, layer).set(**parameters)
        except Exception:
            library.snn_network_remove(self._handle, layer)
            raise

    def prepare(self) -> Self:
        """Checks shapes and allocates parameters; trainers and streams do so themselves."""
        library.snn_network_prepare(self._handle)
        return self

    def info(self) -> NetworkInfo:
        """Returns the number of layers, the shapes, and the numbers of parameters and of their bytes."""
        out = NetworkInfo()
        library.snn_network_get_info(self._handle, byref(out))
        return out

    def layers(self) -> list[Layer]:
        """Returns all layers, the first one first."""
        return [Layer(self, library.snn_network_layer(self._handle, i)) for i in range(self.info().layers)]

    def layer(self, name: str) -> Layer:
        """Returns a layer by its name; KeyError where there is none."""
        layer = library.snn_network_layer_named(self._handle, values.word(name, "layer"))
        if not layer:
            raise KeyError(f"no layer is called {name}; there are: {', '.join(l.name for l in self.layers())}")
        return Layer(self, layer)

    def __repr__(self) -> str:
        info = self.info()
        size = show.count(info.parameters, "parameter") if info.prepared else "not prepared"
        return (f"Network({show.shape(info.in_.tuple())} -> {show.shape(info.out.tuple())}, "
                f"{show.count(info.layers, 'layer')}, {size})")

    def __str__(self) -> str:
        """A table of the layers: shapes, trained parameters, neurons."""
        if self.info().prepared:
            return _table(self)
        try:
            return _table(Network.parse(self._parents[0], self.describe()).prepare())
        except Error as problem:        # it is not complete
            return f"{_table(self)}\n{problem}"


def _reads(layer: Layer, previous: str) -> str:
    """The sources of a layer, if it reads another one than that before it."""
    sources = layer.inputs()
    if sources == [(previous, 0)]:
        return ""
    return ", ".join(f"{name} {delay} before" if delay else name for name, delay in sources)


def _table(network: Network) -> str:
    models, previous, rows, all_neurons = names("neuron"), "input", [], 0
    for layer in network.layers():
        info = layer.info()
        neurons = math.prod(info.out.tuple()) if layer.type in models and info.out.rank else 0
        rows.append((layer.name, layer.type, _reads(layer, previous), show.shape(info.out.tuple()),
                     f"{info.parameters:,}", f"{neurons:,}"))
        previous = layer.name
        all_neurons += neurons
    whole = network.info()
    total = (f"{show.count(whole.parameters, 'parameter')}, {whole.parameter_bytes:,} bytes with all tensors; "
             f"{show.count(all_neurons, 'neuron')}; input {show.shape(whole.in_.tuple())}")
    return show.table(("layer", "type", "reads", "output", "parameters", "neurons"), rows, 2, total)


class Model(Owned):
    """The header of a model file or checkpoint, without its tensors: Model(ctx, "model.snn")."""

    _noun = "model"

    def __init__(self, context: Context, path: Path) -> None:
        self._own(library.snn_model_open, handle(context, "context"), values.path(path), parents=(context,))

    def __repr__(self) -> str:
        return f"Model({show.fields(self.info().as_dict())})"

    def info(self) -> ModelInfo:
        """Returns the version of the format, the number of tensors and their bytes."""
        out = ModelInfo()
        library.snn_model_get_info(self._handle, byref(out))
        return out

    def describe(self) -> str:
        """Returns the architecture as JSON, for Network.parse()."""
        return self.info().architecture.decode()

    def note(self, key: str) -> str | None:
        """Returns a text of the file, or None."""
        return values.text(library.snn_model_note(self._handle, values.word(key, "key")))

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the tensors, by name."""
        shapes = {}
        for index in range(self.info().tensors):
            out = TensorInfo()
            library.snn_model_tensor(self._handle, index, byref(out))
            shapes[out.name.decode()] = tuple(out.dim[:out.rank])
        return shapes
