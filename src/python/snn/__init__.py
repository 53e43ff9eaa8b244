"""libsnn from Python: spiking networks that train, over the shared library's C interface and nothing but ctypes.

    import snn
    ctx = snn.Context(threads=2, seed=1)
    data = snn.Dataset.open(ctx, "idx", "/usr/share/datasets/fashion-mnist", "train")
    net = snn.Network.build(ctx, "784-800-10", data.shape, data.classes)
    trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1, momentum=0.9), "ottt", batch=128, steps=6)
    print(trainer.epoch(data))
    weight = net.layer("fc1").tensor("weight")      # a NumPy array over the library's own memory

Parameters have the names of the library: `params()` of an object lists them, `get()` reads one. Every failure of the
library raises snn.Error; arguments of the wrong kind raise TypeError or ValueError. An object keeps the objects that
it was made from alive, so they are destroyed in the right order. Ctrl-C ends an epoch after the present batch. An
exception of a callback leaves the call that ran it. NumPy is needed only for arrays.
"""

import ctypes
import math
import weakref
from ctypes import byref, c_double, c_float, c_size_t

from . import _values as values
from ._handles import Owned, Parameters, Watch, calling_back, handle
from ._library import (LAYER, NAME_KINDS, PROGRESS_FN, READ_FN, SIGN, STREAM, Batch, ContextInfo, ContextOptions,
                       ContinualInfo, DatasetInfo, DatasetSource, Error, LayerInfo, Metrics, ModelInfo, NetworkInfo,
                       ProjectionInfo, Sample, TensorInfo, TrainerInfo, library)

__all__ = ["Context", "Continual", "Dataset", "Error", "Evaluator", "Layer", "Metrics", "Model", "Network", "Neuron",
           "Optimizer", "Projection", "Stream", "Trainer", "names", "version"]

_SPLIT = {"train": 1, "test": 2}
_CANCELLED = -11    # SNN_ERR_CANCELLED


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


class Optimizer(Owned, Parameters):
    """An optimizer: Optimizer(ctx, "sgd", lr=0.1, momentum=0.9)."""

    _noun = "optimizer"

    def __init__(self, context, name="sgd", **parameters):
        self._own(library.snn_optimizer_create, handle(context, "context"), values.word(name, "optimizer"),
                  parents=(context,))
        self.set(**parameters)


def _reader(x, labels, targets, lengths, source):
    """The function that copies frames, and what else a sample has, out of arrays."""
    frames, target_frames, size = source.frames, source.target_frames, x[0].nbytes // source.frames
    first, first_target = x.ctypes.data, 0 if targets is None else targets.ctypes.data
    target_size = 4 * source.targets

    def read(_user, index, frame, out):
        sample = out[0]
        if frame < frames:
            ctypes.memmove(sample.x, first + (index * frames + frame) * size, size)
        if labels is not None:
            sample.label = labels[index]
        else:
            at = (index * target_frames + frame % target_frames) * target_size
            ctypes.memmove(sample.target, first_target + at, target_size)
        if lengths is not None and frame == 0:
            sample.length = lengths[index]
        return 0

    return read


class Dataset(Owned, Parameters):
    """Samples with class labels or targets: open() reads published files, from_arrays() takes NumPy arrays."""

    _noun = "dataset"

    @classmethod
    def open(cls, context, form, directory, split="train"):
        return cls.__new__(cls)._make(library.snn_dataset_open, context, values.word(form, "format"),
                                      values.path(directory), values.choice(split, _SPLIT, "split"))

    @classmethod
    def from_arrays(cls, context, x, labels=None, classes=None, *, targets=None, lengths=None, per_step=False):
        """x is [count,N], [count,C,L] or [count,C,H,W], with per_step [count,T,N] and so on. Samples have labels
        [count], or targets [count,K], or [count,T,K] with one for each step; where some have fewer frames than
        others, lengths [count]. The library asks for sample after sample through a callback, which copies it. Changes
        to a float32 array are seen, as nothing else is copied."""
        x, _ = values.floats(x, "samples")
        rank = x.ndim - 1 - bool(per_step)
        if rank not in (1, 2, 3) or x.size == 0:
            time = "T," if per_step else ""
            raise ValueError(f"samples have shape {x.shape}; expected [count,{time}N], [count,{time}C,L] or "
                             f"[count,{time}C,H,W] with at least one sample")
        if (labels is None) == (targets is None):
            raise TypeError("expected either labels or targets")
        source = DatasetSource()
        library.snn_dataset_source_init(byref(source), ctypes.sizeof(source))
        source.rank = rank
        source.shape[:rank] = x.shape[-rank:]
        source.count = len(x)
        source.frames = x.shape[1] if per_step else 1
        if labels is not None:
            labels, _ = values.labels(labels, len(x), classes)
            source.classes = int(labels.max()) + 1 if classes is None else values.whole(classes, "classes", 1)
        else:
            targets, _, source.target_frames = values.targets(targets, (len(x), None), 1)
            source.targets = targets.shape[-1]
        if lengths is not None:
            lengths, _ = values.lengths(lengths, len(x), source.frames)
        watch = Watch()
        source.read = READ_FN(watch.guard(_reader(x, labels, targets, lengths, source), _CANCELLED))
        dataset = cls.__new__(cls)._make(library.snn_dataset_create, context, byref(source))
        dataset._watch = watch
        dataset._node.keeps = [source.read, x, labels, targets, lengths]
        return dataset

    def _make(self, create, context, *arguments):
        self._watch = Watch()
        return self._own(create, handle(context, "context"), *arguments, parents=(context,))

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
        """Returns mean and standard deviation over all samples, of all pixels (n = 1) or of each channel."""
        n = values.whole(n, "n", 1, 2**30)
        mean, deviation = (c_double * n)(), (c_double * n)()
        calling_back([self._watch], library.snn_dataset_statistics, self._handle, mean, deviation, n)
        return list(mean), list(deviation)

    def normalise(self, mean, deviation):
        """Normalises the samples: from now on every value x is read as (x - mean) / deviation."""
        mean, n = values.doubles(mean, "mean")
        deviation, m = values.doubles(deviation, "deviation")
        if n != m:
            raise ValueError(f"{n} means but {m} deviations; expected the same number of both")
        library.snn_dataset_normalise(self._handle, mean, deviation, n)
        return self

    def __getitem__(self, index):
        """Returns sample and label, or sample and target, as in evaluation. Samples and targets with frames are
        [T,...], with zeros after the end of the sample."""
        import numpy as np
        if not 0 <= index < len(self):
            raise IndexError(index)
        info, sample = self.info(), Sample()
        steps = max(info.frames, info.target_frames)
        x, target = np.zeros((steps, *self.shape), np.float32), np.zeros((steps, info.targets), np.float32)
        length = steps
        for frame in range(steps):
            if frame < length:
                _, sample.x = values.floats(x[frame])
                _, sample.target = values.floats(target[frame])
                calling_back([self._watch], library.snn_dataset_read, self._handle, values.whole(index, "index"),
                             frame, byref(sample))
            if frame == 0 and info.frames > 1:
                length = sample.length
        x = x[:info.frames] if info.frames > 1 else x[0]
        if info.targets == 0:
            return x, sample.label
        return x, target[:info.target_frames] if info.target_frames > 1 else target[0]


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


class Evaluator(Owned, Parameters):
    """Runs a network that was trained by any method: Evaluator(net, batch=128, steps=6).evaluate(data)."""

    _noun = "trainer"

    def __init__(self, network, batch, **parameters):
        self._own(library.snn_evaluator_create, handle(network, "network"), parents=(network,))
        self._begin(network, batch, parameters)

    def _begin(self, network, batch, parameters):
        self._watch = Watch()
        # Python sees signals in this call.
        progress = PROGRESS_FN(lambda _user, _progress, watch=self._watch: watch.wants_stop())
        self._node.keeps.append(progress)
        library.snn_trainer_on_progress(self._handle, progress, None)
        self.set(**parameters)
        if batch is not None:
            library.snn_trainer_prepare(self._handle, values.whole(batch, "batch"))
        self._classes = network.info().out.dim[0]
        self._in = network.info().in_.tuple()

    def _run(self, call, dataset):
        out = Metrics()
        pointer = handle(dataset, "dataset")
        calling_back([self._watch, dataset._watch], call, self._handle, pointer, byref(out))
        return out

    def evaluate(self, dataset):
        """Returns accuracy, loss, firing rate and synaptic operations on a data set. Changes nothing."""
        return self._run(library.snn_trainer_evaluate, dataset)

    def _batch(self, x, lengths):
        """A batch, and the arrays that it points to."""
        batch = Batch()
        x, batch.x, batch.frames, batch.samples = values.samples(x, self._in)
        if lengths is not None:
            lengths, batch.lengths = values.lengths(lengths, batch.samples, batch.frames)
        return batch, [x, lengths]

    def predict(self, x, *, lengths=None):
        """Returns the outputs summed over the steps of each sample, [n,outputs]; x is [n,...] for all steps or
        [T,n,...]."""
        batch, _keeps = self._batch(x, lengths)
        scores, pointer = values.empty((batch.samples, self._classes))
        library.snn_trainer_predict(self._handle, byref(batch), pointer)
        return scores

    def info(self):
        """Returns method (None for an evaluator), batch, steps, epochs, updates and bytes."""
        out = TrainerInfo()
        library.snn_trainer_get_info(self._handle, byref(out))
        return out


class Trainer(Evaluator):
    """Trains and evaluates one network: Trainer(net, optimizer, "ottt", batch=128, steps=6). Without a batch it is
    not prepared, as Continual requires."""

    def __init__(self, network, optimizer, method, batch=None, **parameters):
        self._own(library.snn_trainer_create, handle(network, "network"), handle(optimizer, "optimizer"),
                  values.word(method, "method"), parents=(network, optimizer))
        self._teacher = None
        self._begin(network, batch, parameters)

    def epoch(self, dataset):
        """Trains one epoch and returns the metrics."""
        return self._run(library.snn_trainer_epoch, dataset)

    def restart_epoch(self):
        """Discards the rest of an interrupted epoch: the next one starts again, over any data set."""
        library.snn_trainer_restart_epoch(self._handle)
        return self

    def step(self, x, labels=None, *, targets=None, lengths=None):
        """Trains one batch and returns the metrics. x is [n,...] for all steps or [T,n,...]; labels [n]; targets
        [n,outputs], or [T,n,outputs] for each step; lengths [n] if some samples end before the last step."""
        if (labels is None) == (targets is None):
            raise TypeError("expected either labels or targets")
        (batch, _keeps), out = self._batch(x, lengths), Metrics()
        if labels is not None:
            labels, batch.labels = values.labels(labels, batch.samples, self._classes)
        else:
            targets, batch.targets, batch.target_frames = values.targets(targets, (batch.samples, self._classes), 0)
        library.snn_trainer_step(self._handle, byref(batch), byref(out))
        return out

    def set_teacher(self, teacher):
        """Sets the teacher, an evaluator or another trainer, for training with the parameter distil above 0; None: no
        teacher."""
        library.snn_trainer_set_teacher(self._handle, handle(teacher, "trainer", optional=True))
        self._need(teacher, self._teacher)
        self._teacher = teacher
        return self

    def set_logits(self, logits):
        """Sets the teacher's outputs [n,classes] for the next batch of step()."""
        logits, pointer = values.floats(logits, "logits")
        if logits.ndim != 2 or logits.shape[1] != self._classes:
            raise ValueError(f"logits have shape {logits.shape}; expected [n,{self._classes}]")
        library.snn_trainer_set_logits(self._handle, pointer, len(logits))
        return self

    def save(self, path):
        """Writes a checkpoint."""
        library.snn_trainer_save(self._handle, values.path(path))

    def load(self, path):
        """Loads a checkpoint of a trainer with the same network, method, optimizer and settings."""
        library.snn_trainer_load(self._handle, values.path(path))
        return self


class Projection(Owned, Parameters):
    """Lateral neurons that project weight gradients away from the subspaces of earlier tasks (HLOP): Projection(net,
    lr=0.01)."""

    _noun = "projection"

    def __init__(self, network, **parameters):
        self._own(library.snn_projection_create, handle(network, "network"), parents=(network,))
        self.set(**parameters)

    def grow(self, layer, rows):
        """Adds `rows` lateral neurons to a layer of the network, net.layer("fc1"), for the next task."""
        library.snn_projection_grow(self._handle, handle(layer, "layer"), values.whole(rows, "rows"))
        return self

    def info(self, layer):
        """Returns the numbers of inputs, rows and frozen rows of a layer."""
        out = ProjectionInfo()
        library.snn_projection_get_info(self._handle, handle(layer, "layer"), byref(out))
        return out

    def set_lr(self, layer, lr):
        """Sets the learning rate of one layer's lateral weights."""
        library.snn_projection_set_layer_lr(self._handle, handle(layer, "layer"), float(lr))
        return self

    def weights(self, layer):
        """Returns a copy of the lateral weights of a layer, [rows,inputs]."""
        import numpy as np
        info = self.info(layer)
        if not info.rows:
            return np.zeros((0, info.inputs), np.float32)
        pointer = library.snn_projection_weights(self._handle, handle(layer, "layer"))
        return np.ctypeslib.as_array(pointer, (info.rows, info.inputs)).copy()

    def apply(self, layer, x):
        """Projects x [n,inputs] onto the orthogonal complement of the frozen rows, as gradients do."""
        x, numbers = values.floats(x, "activity")
        if x.ndim != 2 or x.shape[1] != self.info(layer).inputs:
            raise ValueError(f"activity has shape {x.shape}; expected [n,{self.info(layer).inputs}]")
        out, pointer = values.empty(x.shape)
        library.snn_projection_apply(self._handle, handle(layer, "layer"), numbers, len(x), pointer)
        return out


class Continual(Owned):
    """Continual learning: Continual(trainer, projection, tasks=10) with a trainer that is not prepared. For every
    task call begin(), trainer.epoch(), end(), and evaluate() for the tasks so far."""

    _noun = "continual"

    def __init__(self, trainer, projection, tasks):
        self._own(library.snn_continual_create, handle(trainer, "trainer"),
                  handle(projection, "projection", optional=True),
                  values.whole(tasks, "tasks"), parents=(trainer, projection))

    def set_heads(self, select):
        """Gives every task its own head: `select` is the layer of type select that chooses among them."""
        library.snn_continual_set_heads(self._handle, handle(select, "layer"))
        return self

    def begin(self, batch):
        """Begins the next task, with the lateral neurons that Projection.grow() has added for it."""
        library.snn_continual_begin(self._handle, values.whole(batch, "batch"))
        return self

    def end(self):
        library.snn_continual_end(self._handle)
        return self

    def replay(self, dataset):
        """Trains one epoch over remembered samples after a task has ended, and returns the metrics."""
        return self._run(library.snn_continual_replay, dataset)

    def _run(self, call, dataset, *arguments):
        out = Metrics()
        pointer = handle(dataset, "dataset")
        calling_back([self._parents[0]._watch, dataset._watch], call, self._handle, *arguments, pointer, byref(out))
        return out

    def evaluate(self, task, dataset):
        """Evaluates one task, counted from 0, after a task has ended; records its accuracy and returns the
        metrics."""
        return self._run(library.snn_continual_evaluate, dataset, values.whole(task, "task"))

    def accuracy(self):
        """Returns the matrix A[after,task] of accuracies, NaN where none was measured."""
        import numpy as np
        tasks = self.info().tasks
        return np.array([[library.snn_continual_accuracy(self._handle, i, j) for j in range(tasks)]
                         for i in range(tasks)])

    def info(self):
        """Returns the numbers of tasks begun and ended, acc and bwt."""
        out = ContinualInfo()
        library.snn_continual_get_info(self._handle, byref(out))
        return out


class Stream:
    """Runs one time step at a time. Stream(network) only runs; Stream(trainer), with batch=1 and steps=1, also
    learns. The neurons keep their state."""

    def __init__(self, source):
        self._handle = STREAM()
        self._source = source
        if isinstance(source, Trainer):
            library.snn_trainer_stream(source._handle, byref(self._handle))
            network = source._parents[0]
        else:
            size, network = c_size_t(), source
            library.snn_stream_size(handle(network, "network"), byref(size))
            self._memory = ctypes.create_string_buffer(size.value + 63)
            start = (ctypes.addressof(self._memory) + 63) // 64 * 64
            library.snn_stream_init(start, size, network._handle, byref(self._handle))
        out = network.info().out
        self._out = out.tuple()
        self._in = network.info().in_.tuple()

    def _answer(self):
        return values.empty(self._out)

    def step(self, x):
        """Runs one step on one sample of the network's input, and returns the output."""
        out, pointer = self._answer()
        x, numbers = values.exactly(x, self._in, "a sample")
        library.snn_stream_step(self._handle, numbers, pointer)
        return out

    def step_events(self, at):
        """Runs one step on a list of events, indices into the flat input, and returns the output."""
        out, pointer = self._answer()
        at, indices, n = values.events(at, math.prod(self._in))
        library.snn_stream_step_events(self._handle, indices, n, pointer)
        return out

    def learn(self, error):
        """Trains on the last step, given the derivative of a loss by its output."""
        error, numbers = values.exactly(error, self._out, "an error")
        library.snn_stream_learn(self._handle, numbers)

    def learn_label(self, label):
        """Trains on the last step with a label, and returns the loss."""
        loss = c_double()
        library.snn_stream_learn_label(self._handle, values.whole(label, "label", high=2**32 - 1), byref(loss))
        return loss.value

    def learn_target(self, target):
        """Trains on the last step with the desired output, and returns the loss."""
        loss, (target, numbers) = c_double(), values.exactly(target, self._out, "a target")
        library.snn_stream_learn_target(self._handle, numbers, byref(loss))
        return loss.value

    def reset(self):
        """Resets the stream to the state before its first step."""
        library.snn_stream_reset(self._handle)

    def refresh(self):
        """Takes over the present weights of the network."""
        library.snn_stream_refresh(self._handle)

    @property
    def state(self):
        """The state as bytes, which together with the weights determines the next step. Assigning it restores it,
        here or in a stream of a network built alike. Between a stream that runs and one that learns, traces begin at
        zero."""
        size = c_size_t()
        start = library.snn_stream_state(self._handle, byref(size))
        if not start:
            library.snn_stream_reset(self._handle)  # says why: the trainer ended it
        return ctypes.string_at(start, size.value)

    @state.setter
    def state(self, saved):
        saved = bytes(saved)
        library.snn_stream_set_state(self._handle, saved, len(saved))
