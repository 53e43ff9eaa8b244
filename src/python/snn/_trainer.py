"""Trainers of all methods, and evaluators of networks that are trained."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping

from . import _show as show
from . import _values as values
from ._fit import CallbackLike, Epoch, fit
from ._handles import Owned, Parameters, Watch, calling_back, handle
from ._library import library
from ._loss import LossFunction, adapt
from ._recorder import Observers, read_gradient
from ._structures import LOSS_FN, PROGRESS_FN, Batch, LayerMetrics, LayerTable, Metrics, Progress, TrainerInfo
from ._types import ArrayLike, Floats, Path, Setting

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._dataset import Dataset
    from ._network import Network
    from ._optimizer import Optimizer
    from .mpi import Ranks


class Evaluator(Owned, Parameters):
    """Runs a network that was trained by any method: Evaluator(net, batch=128, steps=6).evaluate(data). With `ranks`,
    of snn.mpi, the processes share the samples."""

    _noun = "trainer"

    def __init__(self, network: Network, batch: int | None, *, ranks: Ranks | None = None,
                 **parameters: Setting) -> None:
        self._own(library.snn_evaluator_create, handle(network, "network"), parents=(network,))
        self._begin(network, batch, ranks, parameters)

    def _begin(self, network: Network, batch: int | None, ranks: Ranks | None,
               parameters: Mapping[str, Setting]) -> None:
        self._rank = 0
        if ranks is not None:
            if getattr(ranks, "_noun", None) != "mpi":
                raise TypeError(f"ranks: expected a Ranks of snn.mpi, got {type(ranks).__name__}")
            library.snn_trainer_set_communicator(self._handle, ranks._communicator())
            self._need(ranks)
            self._rank = ranks.rank
        self._watch = Watch()
        watch = self._watch

        def progressed(_user: object, progress: Any) -> bool:   # Python sees signals in this call
            if watch.listener is not None:
                watch.listener(Progress.from_buffer_copy(progress[0]))
            return watch.wants_stop()

        progress = PROGRESS_FN(watch.guard(progressed, 1))
        self._node.keeps.append(progress)
        library.snn_trainer_on_progress(self._handle, progress, None)
        self.set(**parameters)
        if batch is not None:
            self.prepare(batch)
        self._loss: Any = None      # as the library calls it
        self._classes = network.info().out.dim[0]
        self._in = network.info().in_.tuple()
        self._observers = Observers(self._handle, self._watch, isinstance(self, Trainer))
        self._node.keeps.append(self._observers.callback)
        network._trainers.add(self)
        for recorder in list(network._recorders):
            recorder._attach(self)

    def prepare(self, batch: int) -> Self:
        """Takes all memory for batches of at most so many samples, as the constructor does with a batch. Parameters
        are fixed from then on. A second call plans again, for batches of another size."""
        library.snn_trainer_prepare(self._handle, values.whole(batch, "batch"))
        return self

    @property
    def network(self) -> Network:
        """The network that it runs."""
        network: Network = self._parents[0]
        return network

    def __repr__(self) -> str:
        info = self.info().as_dict()
        method = info["method"]
        figures = {name: info[name] for name in ("batch", "steps", "epochs", "updates")[:4 if method else 2]}
        return f"{type(self).__name__}({f'{method!r}, ' if method else ''}{show.fields(figures)}, {self.network!r})"

    def set_loss(self, function: LossFunction | None) -> Self:
        """Sets a function (loss, error) = f(call) in place of the named losses; None: those again. call.output
        [n,outputs] are the outputs of one step, or what those of all steps come to (loss_on), beside call.labels [n]
        or call.targets [n,outputs]. It returns the loss of each sample, [n] or one number for all, and the derivative
        of each sample's loss by its outputs, [n,outputs]: errors of one's own, if the loss is not needed."""
        if function is not None and not callable(function):
            raise TypeError(f"set_loss: expected a function of a LossCall, got {function!r}")
        adapted = None if function is None else adapt(function, self._watch)
        library.snn_trainer_on_loss(self._handle, LOSS_FN(0) if adapted is None else adapted, None)
        self._loss = adapted
        return self

    def _call(self, call: Callable[..., object], *arguments: object) -> None:
        """Makes a call in which recorders may look, and a loss function may be called."""
        if self._observers.watching() or self._loss is not None:
            calling_back([self._watch], call, self._handle, *arguments)
        else:
            call(self._handle, *arguments)

    def _run(self, call: Callable[..., object], dataset: Dataset) -> Metrics:
        out = Metrics()
        pointer = handle(dataset, "dataset")
        self._observers.watching()
        calling_back([self._watch, dataset._watch], call, self._handle, pointer, byref(out))
        return out

    def evaluate(self, dataset: Dataset) -> Metrics:
        """Returns accuracy, loss, firing rate and synaptic operations on a data set. Changes nothing."""
        return self._run(library.snn_trainer_evaluate, dataset)

    def _batch(self, x: ArrayLike, lengths: ArrayLike | None, time_axis: int) -> tuple[Batch, list[Any]]:
        """A batch, and the arrays that it points to."""
        batch = Batch()
        samples, frames, n = values.samples(x, self._in, time_axis)
        batch.x, batch.frames, batch.samples = samples.ctypes.data, frames, n
        if lengths is None:
            return batch, [samples]
        ends = values.lengths(lengths, n, frames)
        batch.lengths = ends.ctypes.data
        return batch, [samples, ends]

    def predict(self, x: ArrayLike, *, lengths: ArrayLike | None = None, time_axis: int = 0) -> Floats:
        """Returns the outputs summed over the steps of each sample, [n,outputs]; x is [n,...] for all steps, or
        [T,n,...] for each, with time_axis=1 [n,T,...]. Bytes are scaled to 0 .. 1."""
        batch, _keeps = self._batch(x, lengths, time_axis)
        scores, pointer = values.empty((batch.samples, self._classes))
        self._call(library.snn_trainer_predict, byref(batch), pointer)
        return scores

    def layer_metrics(self) -> LayerTable:
        """Returns firing rates and synaptic operations of every layer in the last epoch, step or evaluation: a table,
        and a dictionary by the name of a layer: layer_metrics()["sn1"].firing_rate."""
        table = LayerTable()
        for layer in self.network.layers():
            table[layer.name] = LayerMetrics()
            library.snn_trainer_layer_metrics(self._handle, layer._handle, byref(table[layer.name]))
        return table

    def info(self) -> TrainerInfo:
        """Returns method (None for an evaluator), batch, steps, epochs, updates and bytes."""
        out = TrainerInfo()
        library.snn_trainer_get_info(self._handle, byref(out))
        return out


class Trainer(Evaluator):
    """Trains and evaluates one network: Trainer(net, optimizer, "ottt", batch=128, steps=6). Without a batch it is
    not prepared, as Continual requires. With `ranks`, of snn.mpi, several processes train it together, in as many
    `shards` of a batch or more."""

    def __init__(self, network: Network, optimizer: Optimizer, method: str, batch: int | None = None, *,
                 ranks: Ranks | None = None, **parameters: Setting) -> None:
        self._own(library.snn_trainer_create, handle(network, "network"), handle(optimizer, "optimizer"),
                  values.word(method, "method"), parents=(network, optimizer))
        self._teacher: Evaluator | None = None
        self._part: tuple[Batch, list[Any], tuple[int, ...]] | None = None      # of forward()
        self.history: list[Epoch] = []
        self._begin(network, batch, ranks, parameters)

    def epoch(self, dataset: Dataset) -> Metrics:
        """Trains one epoch and returns the metrics."""
        return self._run(library.snn_trainer_epoch, dataset)

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer that it trains with."""
        optimizer: Optimizer = self._parents[1]
        return optimizer

    def fit(self, data: Dataset, epochs: int, *, validation: Dataset | None = None,
            callbacks: Iterable[CallbackLike] = (), progress: bool | None = None) -> list[Epoch]:
        """Trains epochs, evaluates the validation after each, and returns the results of all epochs; self.history has
        those of all calls. Callbacks are called between epochs and batches; a function f(run) is called after every
        epoch. Progress goes to a terminal or a notebook; True: always, False: never.

        Ctrl-C ends the fit after the present batch: callbacks end, as KeepBest, which gives back the best weights,
        then KeyboardInterrupt is raised. The trainer can be used and saved; the next epoch is the rest of the
        present one, unless restart_epoch() discards it."""
        return fit(self, data, epochs, validation, callbacks, progress)

    def restart_epoch(self) -> Self:
        """Discards the rest of an interrupted epoch: the next one starts again, over any data set."""
        library.snn_trainer_restart_epoch(self._handle)
        return self

    def step(self, x: ArrayLike, labels: ArrayLike | None = None, *, targets: ArrayLike | None = None,
             lengths: ArrayLike | None = None, time_axis: int = 0, step_labels: ArrayLike | None = None) -> Metrics:
        """Trains one batch and returns the metrics. x is [n,...] for all steps, or [T,n,...] for each; labels [n], or
        step_labels [T,n]; targets [n,outputs], or [T,n,outputs] for each step; lengths [n] if some samples end before
        the last step. With time_axis=1 frames are [n,T,...], step_labels [n,T] and targets [n,T,outputs]. Bytes are
        scaled to 0 .. 1."""
        values.either(labels, targets, step_labels)
        (batch, _keeps), out = self._batch(x, lengths, time_axis), Metrics()
        if labels is not None:
            whole = values.labels(labels, batch.samples, self._classes)
            batch.labels = whole.ctypes.data
        if step_labels is not None:
            whole, batch.target_frames = values.step_labels(step_labels, batch.samples, time_axis, 0, self._classes)
            batch.labels = whole.ctypes.data
        if targets is not None:
            vectors, batch.target_frames = values.targets(targets, (batch.samples, self._classes), time_axis, 0)
            batch.targets = vectors.ctypes.data
        self._call(library.snn_trainer_step, byref(batch), byref(out))
        return out

    def forward(self, x: ArrayLike, *, lengths: ArrayLike | None = None, time_axis: int = 0) -> Floats:
        """The first part of a step whose loss is computed elsewhere: runs a batch in training mode and returns the
        outputs of every step, [T,n,outputs]. backward() and update() follow. x as in step()."""
        batch, keeps = self._batch(x, lengths, time_axis)
        outputs, pointer = values.empty((self.info().steps, batch.samples, self._classes))
        self._call(library.snn_trainer_forward, byref(batch), pointer)
        self._part = batch, keeps, outputs.shape
        return outputs

    def backward(self, error: ArrayLike) -> Self:
        """Forms the gradients of the batch of forward() as the method does, and changes no parameter: gradients() and
        input_gradient() return them. error [T,n,outputs] is the derivative of the loss by the outputs."""
        if self._part is None:
            raise ValueError("backward: forward() comes first")
        batch, _keeps, shape = self._part
        _error, pointer = values.exactly(error, shape, "error")
        self._call(library.snn_trainer_backward, byref(batch), pointer)
        return self

    def update(self) -> Self:
        """Lets the optimizer update the parameters with the gradients of backward()."""
        library.snn_trainer_update(self._handle)
        return self

    def want_input_gradient(self, wanted: bool = True) -> Self:
        """Computes the gradient of the input from now on, or no longer. Methods that have none raise an Error."""
        self._observers.want_input(wanted)
        return self

    def input_gradient(self) -> Floats:
        """Returns the gradient of the input of the last forward() and backward(), in the shape of x, time first."""
        if self._part is None:
            raise ValueError("input_gradient: forward() and backward() come first")
        batch, _keeps, _shape = self._part
        frames = () if batch.frames == 1 else (batch.frames,)
        out, pointer = values.empty((*frames, batch.samples, *self._in))
        library.snn_trainer_read_input_gradient(self._handle, pointer, out.size)
        return out

    def gradients(self) -> dict[str, Floats]:
        """Returns the gradient of the last update by the name of its tensor, in its shape: gradients()["fc1.weight"].
        There is none before the first update, nor between the begin of a Recorder and the next update."""
        return {f"{layer.name}.{name}": read_gradient(self._handle, layer._handle, name, shape)
                for layer in self.network.layers() for name, shape in layer._trained()}

    def set_teacher(self, teacher: Evaluator | None) -> Self:
        """Sets the teacher, an evaluator or another trainer, for training with the parameter distil above 0; None: no
        teacher."""
        library.snn_trainer_set_teacher(self._handle, handle(teacher, "trainer", optional=True))
        self._need(teacher, self._teacher)
        self._teacher = teacher
        return self

    def set_logits(self, logits: ArrayLike) -> Self:
        """Sets the teacher's outputs [n,classes] for the next batch of step()."""
        numbers, pointer = values.floats(logits, "logits")
        if numbers.ndim != 2 or numbers.shape[1] != self._classes:
            raise ValueError(f"logits have shape {numbers.shape}; expected [n,{self._classes}]")
        library.snn_trainer_set_logits(self._handle, pointer, len(numbers))
        return self

    def save(self, path: Path | None) -> None:
        """Writes a checkpoint. None, over ranks that send compressed gradients: takes part, while another writes."""
        library.snn_trainer_save(self._handle, None if path is None else values.path(path))

    def load(self, path: Path) -> Self:
        """Loads a checkpoint of a trainer with the same network, method, optimizer and settings."""
        library.snn_trainer_load(self._handle, values.path(path))
        return self
