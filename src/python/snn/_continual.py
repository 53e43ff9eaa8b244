"""Task after task: projections of gradients, and the matrix of accuracies."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Callable, Iterable, Mapping, Sequence, Union

from . import _values as values
from ._fit import CallbackLike
from ._handles import Owned, Parameters, calling_back, handle
from ._library import library
from ._structures import ContinualInfo, Metrics, ProjectionInfo
from ._types import ArrayLike, Doubles, Floats, Setting

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._dataset import Dataset
    from ._network import Layer, Network
    from ._trainer import Trainer

Rows = Union[int, Sequence[int]]


class Projection(Owned, Parameters):
    """Lateral neurons that project weight gradients away from the subspaces of earlier tasks (HLOP): Projection(net,
    lr=0.01)."""

    _noun = "projection"

    def __init__(self, network: Network, **parameters: Setting) -> None:
        self._own(library.snn_projection_create, handle(network, "network"), parents=(network,))
        self.set(**parameters)

    def grow(self, layer: Layer, rows: int) -> Self:
        """Adds `rows` lateral neurons to a layer of the network, net.layer("fc1"), for the next task."""
        library.snn_projection_grow(self._handle, handle(layer, "layer"), values.whole(rows, "rows"))
        return self

    def info(self, layer: Layer) -> ProjectionInfo:
        """Returns the numbers of inputs, rows and frozen rows of a layer."""
        out = ProjectionInfo()
        library.snn_projection_get_info(self._handle, handle(layer, "layer"), byref(out))
        return out

    def set_lr(self, layer: Layer, lr: float) -> Self:
        """Sets the learning rate of one layer's lateral weights."""
        library.snn_projection_set_layer_lr(self._handle, handle(layer, "layer"), float(lr))
        return self

    def weights(self, layer: Layer) -> Floats:
        """Returns a copy of the lateral weights of a layer, [rows,inputs]."""
        import numpy as np
        info = self.info(layer)
        if not info.rows:
            return np.zeros((0, info.inputs), np.float32)
        pointer = library.snn_projection_weights(self._handle, handle(layer, "layer"))
        return np.ctypeslib.as_array(pointer, (info.rows, info.inputs)).copy()

    def apply(self, layer: Layer, x: ArrayLike) -> Floats:
        """Projects x [n,inputs] onto the orthogonal complement of the frozen rows, as gradients do."""
        activity, numbers = values.floats(x, "activity")
        if activity.ndim != 2 or activity.shape[1] != self.info(layer).inputs:
            raise ValueError(f"activity has shape {activity.shape}; expected [n,{self.info(layer).inputs}]")
        out, pointer = values.empty(activity.shape)
        library.snn_projection_apply(self._handle, handle(layer, "layer"), numbers, len(activity), pointer)
        return out


def _plan(rows: Mapping[str, Rows], tasks: int, projection: Projection | None) -> dict[str, list[int]]:
    """Rows of each layer for each task."""
    if rows and projection is None:
        raise TypeError("rows: there is no projection whose lateral neurons could grow")
    plan = {name: [given] * tasks if isinstance(given, int) else list(given) for name, given in rows.items()}
    for name, numbers in plan.items():
        if len(numbers) != tasks:
            raise ValueError(f"rows: {len(numbers)} numbers for {name}; expected one number, or one for each of "
                             f"{tasks} tasks")
    return plan


class Continual(Owned):
    """Continual learning: Continual(trainer, projection, tasks=10) with a trainer that is not prepared. For every
    task call begin(), trainer.epoch() or trainer.fit(), end(), and evaluate() for the tasks so far; or fit() for all
    of this."""

    _noun = "continual"

    def __init__(self, trainer: Trainer, projection: Projection | None, tasks: int) -> None:
        self._own(library.snn_continual_create, handle(trainer, "trainer"),
                  handle(projection, "projection", optional=True),
                  values.whole(tasks, "tasks"), parents=(trainer, projection))

    def set_heads(self, select: Layer) -> Self:
        """Gives every task its own head: `select` is the layer of type select that chooses among them."""
        library.snn_continual_set_heads(self._handle, handle(select, "layer"))
        return self

    def begin(self, batch: int) -> Self:
        """Begins the next task, with the lateral neurons that Projection.grow() has added for it."""
        library.snn_continual_begin(self._handle, values.whole(batch, "batch"))
        return self

    def end(self) -> Self:
        """Ends the task: its lateral neurons are frozen."""
        library.snn_continual_end(self._handle)
        return self

    def fit(self, tasks: Sequence[Dataset], epochs: int, *, batch: int, rows: Mapping[str, Rows] | None = None,
            tests: Sequence[Dataset] | None = None, callbacks: Iterable[CallbackLike] = (),
            progress: bool | None = None) -> Doubles:
        """Trains one task after another, each by Trainer.fit() with these epochs, callbacks and progress, and after
        each one evaluates all tasks so far, with `tests` in place of the data trained on. rows={"fc1": 80} grows as
        many lateral neurons of a layer for every task, {"fc1": [80, 70]} one number for each task. Returns
        accuracy()."""
        if tests is not None and len(tests) != len(tasks):
            raise ValueError(f"{len(tasks)} tasks but {len(tests)} tests; expected the same number of both")
        trainer, projection = self._parents
        plan = _plan(rows or {}, len(tasks), projection)
        callbacks = list(callbacks)
        for task, data in enumerate(tasks):
            for name, numbers in plan.items():
                projection.grow(trainer.network.layer(name), numbers[task])
            self.begin(batch)
            trainer.fit(data, epochs, callbacks=callbacks, progress=progress)
            self.end()
            for earlier, held in enumerate((tests or tasks)[:task + 1]):
                self.evaluate(earlier, held)
        return self.accuracy()

    def replay(self, dataset: Dataset) -> Metrics:
        """Trains one epoch over remembered samples after a task has ended, and returns the metrics."""
        return self._run(library.snn_continual_replay, dataset)

    def _run(self, call: Callable[..., object], dataset: Dataset, *arguments: object) -> Metrics:
        out = Metrics()
        pointer = handle(dataset, "dataset")
        self._parents[0]._observers.watching()
        calling_back([self._parents[0]._watch, dataset._watch], call, self._handle, *arguments, pointer, byref(out))
        return out

    def evaluate(self, task: int, dataset: Dataset) -> Metrics:
        """Evaluates one task, counted from 0, after a task has ended; records its accuracy and returns the
        metrics."""
        return self._run(library.snn_continual_evaluate, dataset, values.whole(task, "task"))

    def accuracy(self) -> Doubles:
        """Returns the matrix A[after,task] of accuracies, NaN where none was measured."""
        import numpy as np
        tasks = self.info().tasks
        return np.array([[library.snn_continual_accuracy(self._handle, i, j) for j in range(tasks)]
                         for i in range(tasks)])

    def info(self) -> ContinualInfo:
        """Returns the numbers of tasks begun and ended, acc and bwt."""
        out = ContinualInfo()
        library.snn_continual_get_info(self._handle, byref(out))
        return out
