"""Trainers of all methods, and evaluators of networks that are trained."""

from ctypes import byref

from . import _values as values
from ._handles import Owned, Parameters, Watch, calling_back, handle
from ._library import PROGRESS_FN, Batch, Metrics, TrainerInfo, library


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
