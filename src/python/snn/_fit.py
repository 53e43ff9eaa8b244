"""Training over many epochs, and callbacks: early stopping, the best model, a learning rate, progress."""

from __future__ import annotations

import math
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any, Callable, Iterable, NamedTuple, TextIO, Union

from . import _values as values
from ._structures import Metrics, Progress
from ._types import Array, Path

if TYPE_CHECKING:
    from ._dataset import Dataset
    from ._trainer import Trainer

# Figures that callbacks may watch: 1 if larger is better, -1 if smaller is.
_BETTER = {"loss": -1, "accuracy": 1, "top5": 1, "squared_error": -1, "r2": 1, "smape": -1, "firing_rate": -1}


class Epoch(NamedTuple):
    """Results of one epoch of Trainer.fit(): its number, from 1, and the metrics of training and validation."""

    number: int
    train: Metrics
    validation: Metrics | None

    def figure(self, name: str) -> float:
        """A figure such as "loss", of the validation where there is one."""
        return float(getattr(self.train if self.validation is None else self.validation, name))


class Run:
    """A Trainer.fit() at work, for its callbacks: the trainer, its data, the number `epoch` of the present epoch,
    from 1 to `epochs`, and the `history` of those that are done."""

    def __init__(self, trainer: Trainer, data: Dataset, validation: Dataset | None, epochs: int) -> None:
        self.trainer = trainer
        self.data = data
        self.validation = validation
        self.epochs = epochs
        self.epoch = 0
        self.history: list[Epoch] = []
        self.stopped = False

    def stop(self) -> None:
        """Lets the present epoch be the last one."""
        self.stopped = True


class Callback:
    """What Trainer.fit() calls. A plain function f(run) stands for after_epoch()."""

    def begin(self, run: Run) -> None:
        """Before the first epoch."""

    def before_epoch(self, run: Run) -> None:
        """Before epoch number run.epoch."""

    def after_batch(self, run: Run, progress: Progress) -> None:
        """After every batch of training and validation; `progress` has training, done, total, loss, accuracy."""

    def after_epoch(self, run: Run) -> None:
        """After an epoch and its validation; run.history[-1] has the results."""

    def end(self, run: Run) -> None:
        """After the last epoch, also when an exception or Ctrl-C ended the fit."""


CallbackLike = Union[Callback, Callable[[Run], object]]


class _Function(Callback):
    """A plain function as a callback."""

    def __init__(self, function: Callable[[Run], object]) -> None:
        self._function = function

    def after_epoch(self, run: Run) -> None:
        self._function(run)


class _Watching(Callback):
    """A callback that asks after every epoch whether a figure has improved."""

    def __init__(self, figure: str = "loss", min_delta: float = 0.0) -> None:
        self._sign = values.choice(figure, _BETTER, "figure")
        self._min_delta = values.real(min_delta, "min_delta", 0.0)
        self.figure = figure
        self.begin_again()

    def begin_again(self) -> None:
        self.best = -self._sign * math.inf
        self.best_epoch = 0

    def begin(self, run: Run) -> None:
        self.begin_again()

    def improved(self, run: Run) -> bool:
        value = run.history[-1].figure(self.figure)
        if math.isnan(value):
            raise ValueError(f"{type(self).__name__}: {self.figure} is not measured here; watch loss, accuracy (with "
                             "labels) or r2 (with targets)")
        if self._sign * (value - self.best) <= self._min_delta:
            return False
        self.best, self.best_epoch = value, run.epoch
        return True


class EarlyStopping(_Watching):
    """Ends the fit when a figure of the validation, or without one of the training, has not improved by more than
    min_delta for `patience` epochs: EarlyStopping("accuracy", patience=5)."""

    def __init__(self, figure: str = "loss", patience: int = 5, min_delta: float = 0.0) -> None:
        super().__init__(figure, min_delta)
        self._patience = values.whole(patience, "patience", 1)

    def after_epoch(self, run: Run) -> None:
        if not self.improved(run) and run.epoch - self.best_epoch >= self._patience:
            run.stop()


class KeepBest(_Watching):
    """Keeps the weights of the epoch with the best figure, and gives them back to the network when the fit ends, be
    it by Ctrl-C. With a path, rank 0 writes each better model there as well. The optimizer's moments stay the last
    ones."""

    def __init__(self, figure: str = "loss", path: Path | None = None) -> None:
        super().__init__(figure)
        self._path = path
        self._tensors: list[tuple[str, str, Array]] = []

    def after_epoch(self, run: Run) -> None:
        if self.improved(run):
            network = run.trainer.network
            self._tensors = [(layer.name, name, layer.tensor(name).copy())
                             for layer in network.layers() for name in layer.tensors()]
            if self._path is not None and run.trainer._rank == 0:
                network.save(self._path)

    def end(self, run: Run) -> None:
        for layer, name, tensor in self._tensors:
            run.trainer.network.layer(layer).tensor(name)[...] = tensor
        self._tensors = []


class LearningRate(Callback):
    """Sets the optimizer's learning rate before every epoch: LearningRate(lambda epoch: 0.1 * 0.95 ** epoch), with
    epochs from 1. A schedule of the optimizer changes this rate further."""

    def __init__(self, function: Callable[[int], float]) -> None:
        if not callable(function):
            raise TypeError(f"LearningRate: expected a function of the epoch's number, got {function!r}")
        self._function = function

    def before_epoch(self, run: Run) -> None:
        run.trainer.optimizer.set(lr=values.real(self._function(run.epoch), "learning rate", 0.0))


class ShowProgress(Callback):
    """Tells how far the fit is: in a terminal in one line, which is written anew, elsewhere in a line for each
    epoch."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._terminal = _is_terminal(self._stream)
        self._next = 0.0    # time at which the line is written again

    def after_batch(self, run: Run, progress: Progress) -> None:
        if self._terminal and time.monotonic() >= self._next:
            part = "" if progress.training else "validation "
            self._write(run, f"{part}{progress.done}/{progress.total}  {_figures(progress)}")

    def after_epoch(self, run: Run) -> None:
        last = run.history[-1]
        held = "" if last.validation is None else f"  validation: {_figures(last.validation)}"
        self._write(run, f"{last.train.seconds:.1f} s  {_figures(last.train)}{held}")

    def end(self, run: Run) -> None:
        if self._terminal:
            self._stream.write("\n")
            self._stream.flush()

    def _write(self, run: Run, text: str) -> None:
        text = f"epoch {run.epoch}/{run.epochs}  {text}"
        if self._terminal:
            columns = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r{text[:columns]:<{columns}}")
            self._next = time.monotonic() + 0.1
        else:
            self._stream.write(text + "\n")
        self._stream.flush()


def _is_terminal(stream: Any) -> bool:
    """A program without a console has no stream there, or one that knows nothing of terminals."""
    return hasattr(stream, "isatty") and bool(stream.isatty())


def _figures(results: Any) -> str:
    """Loss, and accuracy or the coefficient of determination, of metrics or progress."""
    if math.isnan(results.accuracy):
        return f"loss {results.loss:.4f}  r2 {results.r2:.4f}"
    return f"loss {results.loss:.4f}  accuracy {100 * results.accuracy:.2f} %"


def _progress(wanted: bool | None, rank: int) -> list[Callback]:
    """Progress where somebody looks, of one rank: a terminal, or a notebook, whose red background is for errors, not
    for this."""
    if wanted is None and rank > 0:
        return []
    if wanted or wanted is None and _is_terminal(sys.stderr):
        return [ShowProgress()]
    if wanted is None and "ipykernel" in sys.modules:
        return [ShowProgress(sys.stdout)]
    return []


def callback_of(given: Any) -> Callback:
    """A callback, or a function that stands for one."""
    if isinstance(given, Callback):
        return given
    if isinstance(given, type) or not callable(given):
        raise TypeError(f"callbacks: expected a Callback or a function of the run, got {given!r}")
    return _Function(given)


def fit(trainer: Trainer, data: Dataset, epochs: int, validation: Dataset | None,
        callbacks: Iterable[CallbackLike], progress: bool | None) -> list[Epoch]:
    """Trainer.fit()."""
    if isinstance(callbacks, Callback) or callable(callbacks):
        raise TypeError("callbacks: expected a list of them, [callback]")
    run = Run(trainer, data, validation, values.whole(epochs, "epochs"))
    chain = [callback_of(given) for given in callbacks] + _progress(progress, trainer._rank)
    listeners = [c for c in chain if type(c).after_batch is not Callback.after_batch]
    begun: list[Callback] = []

    def heard(state: Progress) -> None:
        trainer._watch.listener = None      # a callback may evaluate, which is no batch of this fit
        for callback in listeners:
            callback.after_batch(run, state)
        trainer._watch.listener = heard

    try:
        for callback in chain:
            begun.append(callback)
            callback.begin(run)
        if listeners:
            trainer._watch.listener = heard
        while run.epoch < run.epochs and not run.stopped:
            _epoch(run, chain)
    finally:
        trainer._watch.listener = None
        trainer.history += run.history
        for callback in begun:
            callback.end(run)
    return run.history


def _epoch(run: Run, chain: list[Callback]) -> None:
    run.epoch += 1
    for callback in chain:
        callback.before_epoch(run)
    train = run.trainer.epoch(run.data)
    held = None if run.validation is None else run.trainer.evaluate(run.validation)
    run.history.append(Epoch(run.epoch, train, held))
    for callback in chain:
        callback.after_epoch(run)
