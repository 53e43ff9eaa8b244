"""Networks, their layers and neurons, and the files that keep them."""

import ctypes
import weakref
from ctypes import byref, c_float, c_size_t

from . import _values as values
from ._handles import Owned, Parameters, handle
from ._library import LAYER, SIGN, LayerInfo, ModelInfo, NetworkInfo, TensorInfo, library


class Neuron(Owned, Parameters):
    """A prototype of a neuron population: Neuron(ctx, "lif", tau=2.0)."""

    _noun = "neuron"

    def __init__(self, context, model="lif", **parameters):
        self._own(library.snn_neuron_create, handle(context, "context"), values.word(model, "neuron"),
                  parents=(context,))
        self.set(**parameters)


class Layer(Parameters):
    """One layer, borrowed from its network."""

    _noun = "layer"

    def __init__(self, network, pointer):
        self._network = network
        self._node = network._node
        self._handle = pointer

    def info(self):
        out = LayerInfo()
        library.snn_layer_get_info(self._handle, byref(out))
        return out

    @property
    def name(self):
        return self.info().name.decode()

    @property
    def type(self):
        return self.info().type.decode()

    def connect(self, source, delay=0):
        """Connects an input to the layer named `source` in place of the previous layer; with a delay, to its value
        of as many steps before."""
        library.snn_layer_connect(self._handle, values.word(source, "layer"),
                                  values.whole(delay, "delay", high=2**31 - 1))
        return self

    def tensors(self):
        """Names of the layer's tensors."""
        names = []
        for index in range(self.info().tensors):
            out = TensorInfo()
            library.snn_layer_tensor(self._handle, index, byref(out))
            names.append(out.name.decode())
        return names

    def tensor(self, name):
        """A tensor as a NumPy array over the library's own memory: nothing is copied, and writing to it changes the
        network. The array keeps the network alive, and the network does not pack() as long as it is there. Binary
        weights of a packed network are signs there: of them the array is a copy, which cannot be written to."""
        import numpy as np
        out = TensorInfo()
        library.snn_layer_tensor_named(self._handle, values.word(name, "tensor"), byref(out))
        if out.element == SIGN:
            return values.signs(out)
        numbers = (c_float * out.length).from_address(out.data)
        numbers._network = self._network
        self._network._views[id(numbers)] = numbers
        return np.ctypeslib.as_array(numbers).reshape(tuple(out.dim[:out.rank]))


class Network(Owned):
    """A network for samples of `shape`, without layers at first; build(), load() and parse() return complete ones."""

    _noun = "network"

    def __init__(self, context, shape):
        self._make(library.snn_network_create, context, *values.sizes(shape))

    def _make(self, create, context, *arguments):
        self._views = weakref.WeakValueDictionary()     # arrays over tensors
        return self._own(create, handle(context, "context"), *arguments, parents=(context,))

    @classmethod
    def build(cls, context, name, shape, classes, neuron=None):
        """Builds a network from a name ("vgg11-ws") or notation ("784-800-10")."""
        return cls.__new__(cls)._make(library.snn_network_build, context, values.word(name, "network"),
                                      *values.sizes(shape),
                                      values.whole(classes, "classes"), handle(neuron, "neuron", optional=True))

    @classmethod
    def load(cls, context, path):
        """Loads a network from a model file or checkpoint."""
        return cls.__new__(cls)._make(library.snn_network_load, context, values.path(path))

    @classmethod
    def parse(cls, context, json):
        """Builds a network from the JSON of describe()."""
        return cls.__new__(cls)._make(library.snn_network_parse, context, values.word(json, "architecture"))

    def save(self, path):
        library.snn_network_save(self._handle, values.path(path))

    def save_packed(self, path):
        """Writes a model file with one bit for every weight of a binary layer."""
        library.snn_network_save_packed(self._handle, values.path(path))

    def pack(self):
        """Replaces the latent weights of binary layers by one bit each: the network can then only evaluate."""
        if self._views:
            raise BufferError("arrays still refer to the network's tensors: copy() and delete them before pack()")
        library.snn_network_pack(self._handle)
        return self

    def set_note(self, key, text):
        """Attaches a text that model files keep; None removes it."""
        library.snn_network_set_note(self._handle, values.word(key, "key"),
                                     None if text is None else values.word(text, "text"))
        return self

    def note(self, key):
        """Returns an attached text, or None."""
        return values.text(library.snn_network_note(self._handle, values.word(key, "key")))

    def describe(self):
        """Returns the architecture as JSON."""
        size = c_size_t()
        library.snn_network_describe(self._handle, None, 0, byref(size))
        text = ctypes.create_string_buffer(size.value)
        library.snn_network_describe(self._handle, text, size, None)
        return text.value.decode()

    def add(self, kind, name=None, **parameters):
        """Adds a layer: add("linear", out=10), or a population: add(neuron)."""
        layer = LAYER()
        name = values.word(name, "layer") if name else None
        if isinstance(kind, Neuron):
            library.snn_network_add_neuron(self._handle, kind._handle, name, byref(layer))
        else:
            library.snn_network_add(self._handle, values.word(kind, "layer type"), name, byref(layer))
        try:
            return Layer(self, layer).set(**parameters)
        except Exception:
            library.snn_network_remove(self._handle, layer)
            raise

    def prepare(self):
        library.snn_network_prepare(self._handle)
        return self

    def info(self):
        out = NetworkInfo()
        library.snn_network_get_info(self._handle, byref(out))
        return out

    def layers(self):
        return [Layer(self, library.snn_network_layer(self._handle, i)) for i in range(self.info().layers)]

    def layer(self, name):
        layer = library.snn_network_layer_named(self._handle, values.word(name, "layer"))
        if not layer:
            raise KeyError(f"no layer is called {name}; there are: {', '.join(l.name for l in self.layers())}")
        return Layer(self, layer)


class Model(Owned):
    """The header of a model file or checkpoint, without its tensors: Model(ctx, "model.snn")."""

    _noun = "model"

    def __init__(self, context, path):
        self._own(library.snn_model_open, handle(context, "context"), values.path(path), parents=(context,))

    def info(self):
        out = ModelInfo()
        library.snn_model_get_info(self._handle, byref(out))
        return out

    def describe(self):
        """Returns the architecture as JSON, for Network.parse()."""
        return values.text(self.info().architecture)

    def note(self, key):
        """Returns a text of the file, or None."""
        return values.text(library.snn_model_note(self._handle, values.word(key, "key")))

    def tensors(self):
        """Returns the shapes of the tensors, by name."""
        shapes = {}
        for index in range(self.info().tensors):
            out = TensorInfo()
            library.snn_model_tensor(self._handle, index, byref(out))
            shapes[values.text(out.name)] = tuple(out.dim[:out.rank])
        return shapes
