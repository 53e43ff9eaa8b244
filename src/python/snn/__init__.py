"""libsnn from Python: spiking networks that train, over the shared library's C interface and nothing but ctypes.

    import snn
    ctx = snn.Context(threads=2, seed=1)
    data = snn.Dataset.open(ctx, "idx", "/usr/share/datasets/fashion-mnist", "train")
    net = snn.Network.build(ctx, "784-800-10", data.shape, data.classes)
    trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1, momentum=0.9), "ottt", batch=128, steps=6)
    print(trainer.epoch(data))
    weight = net.layer("fc1").tensor("weight")      # a NumPy array over the library's own memory

Parameters are given by the names that the library knows them under (`params()` of an object lists them). Every
failure raises snn.Error. Objects keep what they were made from alive, so the order of destruction takes care of
itself. NumPy is needed only where arrays come in or go out.
"""

import ctypes
import weakref
from ctypes import byref, c_double, c_float, c_size_t, c_uint32, c_void_p

from ._library import (READ_FN, ContextInfo, ContextOptions, ContinualInfo, DatasetInfo, DatasetSource, Error, LayerInfo,
                       Metrics, NetworkInfo, ParamInfo, ProjectionInfo, TensorInfo, library)

__all__ = ["Context", "Continual", "Dataset", "Error", "Layer", "Metrics", "Network", "Neuron", "Optimizer", "Projection",
           "Stream", "Trainer", "builders", "methods", "version"]

_SPLIT = {"train": 1, "test": 2}
_NEURON = {"if": 1, "lif": 2, "cuba": 3, "alif": 4, "plif": 5, "dsr_if": 401, "dsr_lif": 402}
_ISA = {"ref": 1, "avx2": 2, "avx512": 3, "amx": 4, "neon": 101, "best": 1000}


def version():
    """Version of the library in use, "0.1.0"."""
    return library.snn_version_string().decode()


def _names(function):
    names = []
    while (name := function(len(names))) is not None:
        names.append(name.decode())
    return names


def methods():
    """Names of the training methods."""
    return _names(library.snn_trainer_method)


def builders():
    """Names of the ready-made networks."""
    return _names(library.snn_network_builder)


def _text(value):
    if isinstance(value, bool):
        return b"1" if value else b"0"
    return str(value).encode()


def _shape(shape):
    return (c_size_t * len(shape))(*shape), len(shape)


def _floats(array):
    """A C-ordered float32 array and a pointer to its numbers."""
    import numpy as np
    array = np.ascontiguousarray(array, dtype=np.float32)
    return array, array.ctypes.data_as(ctypes.POINTER(c_float))


class _Parameters:
    """What neurons, layers, optimizers, trainers and data sets share: parameters by name."""

    def set(self, **values):
        """Sets parameters by name: set(tau=2.0, reset="zero")."""
        call = getattr(library, f"snn_{self._noun}_set_text")
        for name, value in values.items():
            call(self._handle, name.encode(), _text(value))
        return self

    def params(self):
        """The parameters: a dictionary from name to the one-line help."""
        call = getattr(library, f"snn_{self._noun}_param_info")
        table = {}
        while True:
            row = ParamInfo()
            try:
                call(self._handle, len(table), byref(row))
            except Error:
                return table
            table[row.name.decode()] = row.help.decode()


class _Owned:
    """An object of the library that is destroyed with the Python object, and keeps its parents alive until then."""

    def _own(self, create, *arguments, parents=()):
        out = c_void_p()
        create(byref(out), *arguments)
        self._handle = out
        self._parents = parents
        self._end = weakref.finalize(self, getattr(library, f"snn_{self._noun}_destroy"), out)
        return self


class Context(_Owned):
    """Threads, seed and instruction set that the objects made from it share."""

    _noun = "context"

    def __init__(self, threads=0, seed=1, isa="best"):
        options = ContextOptions()
        library.snn_context_options_init(byref(options), ctypes.sizeof(options))
        options.threads = threads
        options.seed = seed
        options.isa = _ISA[isa]
        self._own(library.snn_context_create, byref(options))

    def info(self):
        out = ContextInfo()
        library.snn_context_get_info(self._handle, byref(out))
        return out


class Neuron(_Owned, _Parameters):
    """A prototype of a population: Neuron(ctx, "lif", tau=2.0)."""

    _noun = "neuron"

    def __init__(self, context, model="lif", **parameters):
        self._own(library.snn_neuron_create, context._handle, _NEURON[model], parents=(context,))
        self.set(**parameters)


class Layer(_Parameters):
    """One layer, borrowed from its network."""

    _noun = "layer"

    def __init__(self, network, handle):
        self._network = network
        self._handle = c_void_p(handle)

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
        """Reads from the layer named `source` instead of the one before; with delay 1, its value of the step before."""
        library.snn_layer_connect(self._handle, source.encode(), delay)
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
        """A tensor as a NumPy array over the library's own memory: nothing is copied, and writing to it changes the network.
        The array keeps the network alive. None: binary weights of a packed network."""
        import numpy as np
        out = TensorInfo()
        library.snn_layer_tensor_named(self._handle, name.encode(), byref(out))
        if not out.data:
            return None
        numbers = (c_float * out.length).from_address(out.data)
        numbers._network = self._network
        return np.ctypeslib.as_array(numbers).reshape(tuple(out.dim[:out.rank]))


class Network(_Owned):
    """A network for samples of `shape`, empty at first; build() and load() make whole ones."""

    _noun = "network"

    def __init__(self, context, shape):
        self._own(library.snn_network_create, context._handle, *_shape(shape), parents=(context,))

    @classmethod
    def build(cls, context, name, shape, classes, neuron=None):
        """A ready-made network by name ("vgg11-ws") or notation ("784-800-10")."""
        return cls.__new__(cls)._own(library.snn_network_build, context._handle, name.encode(), *_shape(shape), classes,
                                     neuron._handle if neuron else None, parents=(context,))

    @classmethod
    def load(cls, context, path):
        """A network from a model file or checkpoint."""
        return cls.__new__(cls)._own(library.snn_network_load, context._handle, str(path).encode(), parents=(context,))

    @classmethod
    def parse(cls, context, json):
        """A network from the JSON that describe() gives."""
        return cls.__new__(cls)._own(library.snn_network_parse, context._handle, json.encode(), parents=(context,))

    def save(self, path):
        library.snn_network_save(self._handle, str(path).encode())

    def save_packed(self, path):
        """As save(), with one bit for every weight of a binary layer."""
        library.snn_network_save_packed(self._handle, str(path).encode())

    def pack(self):
        """Keeps one bit for every weight of a binary layer and gives its latent weights back: the network can only evaluate now."""
        library.snn_network_pack(self._handle)
        return self

    def describe(self):
        """The architecture as JSON."""
        size = c_size_t()
        library.snn_network_describe(self._handle, None, 0, byref(size))
        text = ctypes.create_string_buffer(size.value)
        library.snn_network_describe(self._handle, text, size, None)
        return text.value.decode()

    def add(self, kind, name=None, **parameters):
        """Adds a layer: add("linear", out=10), or a population: add(neuron)."""
        handle = c_void_p()
        name = name.encode() if name else None
        if isinstance(kind, Neuron):
            library.snn_network_add_neuron(self._handle, kind._handle, name, byref(handle))
        else:
            library.snn_network_add(self._handle, kind.encode(), name, byref(handle))
        try:
            return Layer(self, handle.value).set(**parameters)
        except Exception:
            library.snn_network_remove(self._handle, handle)
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
        handle = library.snn_network_layer_named(self._handle, name.encode())
        if handle is None:
            raise KeyError(f"no layer is called {name}; there are: {', '.join(l.name for l in self.layers())}")
        return Layer(self, handle)


class Optimizer(_Owned, _Parameters):
    """Optimizer(ctx, "sgd", lr=0.1, momentum=0.9)."""

    _noun = "optimizer"

    def __init__(self, context, name="sgd", **parameters):
        self._own(library.snn_optimizer_create, context._handle, name.encode(), parents=(context,))
        self.set(**parameters)


class Dataset(_Owned, _Parameters):
    """Samples with class labels: open() reads published files, from_arrays() takes NumPy arrays."""

    _noun = "dataset"

    @classmethod
    def open(cls, context, form, directory, split="train"):
        return cls.__new__(cls)._own(library.snn_dataset_open, context._handle, form.encode(), str(directory).encode(),
                                     _SPLIT[split], parents=(context,))

    @classmethod
    def from_arrays(cls, context, x, labels, classes=None):
        """x is [count,N] or [count,C,H,W]; the library asks for sample after sample through a callback, which copies it."""
        import numpy as np
        x, _ = _floats(x)
        labels = np.ascontiguousarray(labels, dtype=np.uint32)
        if len(labels) != len(x):
            raise ValueError(f"{len(x)} samples but {len(labels)} labels")
        sample = x[0].nbytes
        first = x.ctypes.data

        def read(_user, index, _frame, out, label):
            ctypes.memmove(out, first + index * sample, sample)
            label[0] = labels[index]
            return 0

        source = DatasetSource()
        library.snn_dataset_source_init(byref(source), ctypes.sizeof(source))
        source.rank = x.ndim - 1
        source.shape[:source.rank] = x.shape[1:]
        source.count = len(x)
        source.classes = int(labels.max()) + 1 if classes is None else classes
        source.frames = 1
        source.read = READ_FN(read)
        return cls.__new__(cls)._own(library.snn_dataset_create, context._handle, byref(source),
                                     parents=(context, source.read, x, labels))

    def info(self):
        out = DatasetInfo()
        library.snn_dataset_get_info(self._handle, byref(out))
        return out

    @property
    def shape(self):
        info = self.info()
        return tuple(info.shape[:info.rank])

    @property
    def classes(self):
        return self.info().classes

    def __len__(self):
        return self.info().count

    def statistics(self, n=1):
        """Mean and deviation over all samples: of all pixels (n = 1) or of each channel."""
        mean, deviation = (c_double * n)(), (c_double * n)()
        library.snn_dataset_statistics(self._handle, mean, deviation, n)
        return list(mean), list(deviation)

    def normalise(self, mean, deviation):
        """From now on every value x is delivered as (x - mean) / deviation."""
        n = len(mean)
        library.snn_dataset_normalise(self._handle, (c_double * n)(*mean), (c_double * n)(*deviation), n)
        return self

    def __getitem__(self, index):
        """Sample and label, as evaluation sees them."""
        import numpy as np
        if not 0 <= index < len(self):
            raise IndexError(index)
        x, pointer = _floats(np.empty(self.shape, np.float32))
        label = c_uint32()
        library.snn_dataset_read(self._handle, index, 0, pointer, byref(label))
        return x, label.value


class Trainer(_Owned, _Parameters):
    """Trains one network: Trainer(net, optimizer, "ottt", batch=128, steps=6). Without an optimizer it only evaluates; without a
    batch it is not prepared yet, as Continual wants it."""

    _noun = "trainer"

    def __init__(self, network, optimizer, method, batch=None, **parameters):
        self._own(library.snn_trainer_create, network._handle, optimizer._handle if optimizer else None, method.encode(),
                  parents=(network, optimizer))
        self.set(**parameters)
        if batch is not None:
            library.snn_trainer_prepare(self._handle, batch)
        self._classes = network.info().out.dim[0]
        self._rank = network.info().in_.rank

    def epoch(self, dataset):
        """Trains one epoch; the metrics."""
        out = Metrics()
        library.snn_trainer_epoch(self._handle, dataset._handle, byref(out))
        return out

    def restart_epoch(self):
        """Gives up what is left of an epoch under way: the next one begins anew, over any data set."""
        library.snn_trainer_restart_epoch(self._handle)
        return self

    def evaluate(self, dataset):
        out = Metrics()
        library.snn_trainer_evaluate(self._handle, dataset._handle, byref(out))
        return out

    def _batch(self, x):
        x, pointer = _floats(x)
        per_step = x.ndim == self._rank + 2     # [T,n,...] instead of [n,...]
        return x, pointer, x.shape[0] if per_step else 1, x.shape[1] if per_step else x.shape[0]

    def step(self, x, labels):
        """Trains one batch: x is [n,...] for all steps or [T,n,...], labels [n]."""
        import numpy as np
        x, pointer, frames, n = self._batch(x)
        labels = np.ascontiguousarray(labels, dtype=np.uint32)
        if len(labels) != n:
            raise ValueError(f"{n} samples but {len(labels)} labels")
        out = Metrics()
        library.snn_trainer_step(self._handle, pointer, frames, labels.ctypes.data_as(ctypes.POINTER(c_uint32)), n, byref(out))
        return out

    def set_teacher(self, teacher):
        """Another trainer, whose outputs are targets where the parameter distil is above 0; None ends that."""
        library.snn_trainer_set_teacher(self._handle, teacher._handle if teacher else None)
        self._teacher = teacher
        return self

    def set_logits(self, logits):
        """A teacher's outputs [n,classes] for the next batch that step() trains."""
        logits, pointer = _floats(logits)
        library.snn_trainer_set_logits(self._handle, pointer, len(logits))
        return self

    def predict(self, x):
        """Outputs summed over the steps, [n,classes]."""
        import numpy as np
        x, pointer, frames, n = self._batch(x)
        scores, scores_pointer = _floats(np.empty((n, self._classes), np.float32))
        library.snn_trainer_predict(self._handle, pointer, frames, n, scores_pointer)
        return scores

    @property
    def bytes(self):
        """Bytes that the trainer holds."""
        return library.snn_trainer_bytes(self._handle)

    @property
    def epochs_done(self):
        return library.snn_trainer_epochs_done(self._handle)

    def save(self, path):
        """Writes a checkpoint."""
        library.snn_trainer_save(self._handle, str(path).encode())

    def load(self, path):
        """Takes up a checkpoint of a trainer made like this one."""
        library.snn_trainer_load(self._handle, str(path).encode())
        return self


class Projection(_Owned, _Parameters):
    """Lateral neurons that keep weight gradients out of what earlier tasks use (HLOP): Projection(net, lr=0.01)."""

    _noun = "projection"

    def __init__(self, network, **parameters):
        self._own(library.snn_projection_create, network._handle, parents=(network,))
        self._network = network
        self.set(**parameters)

    def _number(self, layer):
        return self._network.layer(layer).info().index

    def info(self, layer):
        """Inputs, rows and frozen rows of the layer of that name."""
        out = ProjectionInfo()
        library.snn_projection_get_info(self._handle, self._number(layer), byref(out))
        return out

    def set_lr(self, layer, lr):
        """The learning rate of one layer's lateral weights."""
        library.snn_projection_set_layer_lr(self._handle, self._number(layer), lr)
        return self

    def weights(self, layer):
        """A copy of the lateral weights of a layer, [rows,inputs]."""
        import numpy as np
        info = self.info(layer)
        if not info.rows:
            return np.zeros((0, info.inputs), np.float32)
        pointer = library.snn_projection_weights(self._handle, self._number(layer))
        return np.ctypeslib.as_array(pointer, (info.rows, info.inputs)).copy()

    def apply(self, layer, x):
        """x [n,inputs] without what the frozen rows span, as gradients take it."""
        import numpy as np
        x, values = _floats(x)
        if x.ndim != 2 or x.shape[1] != self.info(layer).inputs:
            raise ValueError(f"activity of {x.shape}; the layer takes [n,{self.info(layer).inputs}]")
        out, pointer = _floats(np.empty_like(x))
        library.snn_projection_apply(self._handle, self._number(layer), values, len(x), pointer)
        return out


class Continual(_Owned):
    """Task after task: Continual(trainer, projection, tasks=10) with a trainer that is not prepared. For every task begin(),
    trainer.epoch(), end(), and evaluate() the tasks so far."""

    _noun = "continual"

    def __init__(self, trainer, projection, tasks):
        self._own(library.snn_continual_create, trainer._handle, projection._handle if projection else None, tasks,
                  parents=(trainer, projection))
        self._network = trainer._parents[0]

    def set_heads(self, select):
        """Every task has a head of its own: the layer of type select that chooses among them."""
        library.snn_continual_set_heads(self._handle, select._handle)
        return self

    def begin(self, batch, rows=None):
        """Begins the next task with so many more lateral neurons: a dictionary from layer names to numbers."""
        layers = self._network.info().layers
        numbers = (c_size_t * layers)()
        for layer, count in (rows or {}).items():
            numbers[self._network.layer(layer).info().index] = count
        library.snn_continual_begin(self._handle, numbers if rows else None, layers if rows else 0, batch)
        return self

    def end(self):
        library.snn_continual_end(self._handle)
        return self

    def replay(self, dataset):
        """An epoch over remembered samples, after a task has ended; the metrics."""
        out = Metrics()
        library.snn_continual_replay(self._handle, dataset._handle, byref(out))
        return out

    def evaluate(self, task, dataset):
        """Evaluates one task, from 0, after a task has ended, and enters its accuracy; the metrics."""
        out = Metrics()
        library.snn_continual_evaluate(self._handle, task, dataset._handle, byref(out))
        return out

    def accuracy(self):
        """The matrix A[after,task], NaN where nothing was measured."""
        import numpy as np
        tasks = self.info().tasks
        return np.array([[library.snn_continual_accuracy(self._handle, i, j) for j in range(tasks)] for i in range(tasks)])

    def info(self):
        """Tasks begun and ended, acc and bwt."""
        out = ContinualInfo()
        library.snn_continual_get_info(self._handle, byref(out))
        return out


class Stream:
    """One time step at a time: Stream(network) runs, Stream(trainer), prepared with batch=1 and steps=1, learns as well. The
    neurons keep their state."""

    def __init__(self, source):
        self._handle = c_void_p()
        self._source = source
        if isinstance(source, Trainer):
            library.snn_trainer_stream(source._handle, byref(self._handle))
            network = source._parents[0]
        else:
            size, network = c_size_t(), source
            library.snn_stream_size(network._handle, byref(size))
            self._memory = ctypes.create_string_buffer(size.value + 63)
            start = (ctypes.addressof(self._memory) + 63) // 64 * 64
            library.snn_stream_init(start, size, network._handle, byref(self._handle))
        out = network.info().out
        self._out = out.tuple()
        self._in = network.info().in_.tuple()

    def _answer(self):
        import numpy as np
        return _floats(np.empty(self._out, np.float32))

    def step(self, x):
        """The output of one step, for one sample of the network's input."""
        out, pointer = self._answer()
        x, values = _floats(x)
        if x.shape != self._in:
            raise ValueError(f"a sample of {x.shape}; the network takes {self._in}")
        library.snn_stream_step(self._handle, values, pointer)
        return out

    def step_events(self, at):
        """The same for a list of events: indices into the flat input."""
        import numpy as np
        out, pointer = self._answer()
        at = np.ascontiguousarray(at, dtype=np.uint32)
        library.snn_stream_step_events(self._handle, at.ctypes.data_as(ctypes.POINTER(c_uint32)), at.size, pointer)
        return out

    def learn(self, error):
        """Trains on the last step with the derivative of a loss by its output."""
        error, values = _floats(error)
        if error.shape != self._out:
            raise ValueError(f"an error of {error.shape}; the network gives {self._out}")
        library.snn_stream_learn(self._handle, values)

    def learn_label(self, label):
        """Trains on the last step with a label; the loss."""
        loss = c_double()
        library.snn_stream_learn_label(self._handle, label, byref(loss))
        return loss.value

    def reset(self):
        """Back to the state before the first step."""
        library.snn_stream_reset(self._handle)

    def refresh(self):
        """Takes the weights of the network anew."""
        library.snn_stream_refresh(self._handle)

    @property
    def state(self):
        """All that the next step depends on besides weights, as bytes. Assign them to go back to it, here or in a stream of a
        network built alike; between one that runs and one that learns, traces begin at zero."""
        size = c_size_t()
        start = library.snn_stream_state(self._handle, byref(size))
        if not start:
            library.snn_stream_reset(self._handle)  # says why: the trainer ended it
        return ctypes.string_at(start, size.value)

    @state.setter
    def state(self, saved):
        saved = bytes(saved)
        library.snn_stream_set_state(self._handle, saved, len(saved))
