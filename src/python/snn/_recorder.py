"""Looking inside: what the layers of a network do, step by step, as arrays."""

from __future__ import annotations

import weakref
from ctypes import byref
from typing import TYPE_CHECKING, Any, Iterable

from . import _values as values
from ._handles import Watch
from ._library import Error, library
from ._structures import OBSERVE_FN, TrainerInfo
from ._types import Floats

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._network import Layer, Network
    from ._trainer import Evaluator

_FORWARD, _GRADIENT, _UPDATE, _BACKWARD = 1, 2, 3, 4    # snn_phase
_SIGNALS = {"output": 1, "membrane": 2, "trace": 3, "error": 4}     # snn_signal
_DIRECT = (b"opzo", b"eprop")   # methods whose errors may be read
_OBSERVE_SIGNALS, _OBSERVE_GRADIENTS, _OBSERVE_INPUT = 1, 2, 4
_UNSUPPORTED, _STATE = -7, -8


class Recorder:
    """Records what layers do whenever trainers and evaluators run a batch: Recorder(net) those of a network, also
    ones that are made later, Recorder(trainer) one of them. It records from its construction to close(), or to the
    end of a with block:

        with snn.Recorder(net, layers=["sn1"]) as seen:
            trainer.predict(x)              # [n,...]
        seen.spikes["sn1"]                  # [T,n,...]
        seen.membrane["sn1"]                # [T,n,...], before the threshold test and the reset

    Every attribute is a dictionary from the name of a layer to an array [T,n,shape of the layer], of the batch that
    ran last; with every_batch=True of all batches since clear(), joined along n:

        spikes      0 or 1, of populations that spike; with dsr 0 or their trained threshold
        membrane    potentials before the threshold test and the reset; a neuron spikes where its potential has
                    reached the threshold
        trace       presynaptic traces, of training with methods that keep some (ottt, opzo)
        output      of all layers: spikes, currents, and what the network gives
        error       opzo and eprop: their estimate of the derivative of the loss by the layer's output

    gradients=True records the gradient that the last update of the batch took, by the name of its tensor:
    seen.gradients["fc1.weight"], in the tensor's shape. step_gradients=True records what each step adds to it,
    [T,shape of the tensor], which methods compute more slowly then; with dsr and batch norm over all steps there is
    none.

    Results of training and evaluation are the same, bit for bit, but for step_gradients, whose sum is rounded
    otherwise. A trainer plans its memory again when its recorder begins, and at its first batch without one, which
    ends its stream. Without a recorder nothing is kept or called."""

    def __init__(self, source: Network | Evaluator, spikes: bool = True, membrane: bool = True, trace: bool = True,
                 output: bool = False, error: bool = False, gradients: bool = False, step_gradients: bool = False,
                 layers: Iterable[str | Layer] | None = None, every_batch: bool = False) -> None:
        self._network, trainers = _sources(source)
        self._signals = [signal for signal, wanted in (("output", spikes or output), ("membrane", membrane),
                                                       ("trace", trace), ("error", error)) if wanted]
        self._kept = {"spikes": spikes, "output": output}
        self._gradients, self._step_gradients = bool(gradients), bool(step_gradients)
        if (gradients or step_gradients) and self._network is not source and not trainers[0]._observers.learns:
            raise ValueError("gradients: an evaluator does not train and has none")
        self._layers = [_Layer(layer) for layer in _chosen(self._network.prepare(), layers)]
        self._every_batch = bool(every_batch)
        self.clear()
        self._observed: list[Evaluator] = []
        if self._network is source:
            self._network._recorders.add(self)
        for trainer in trainers:
            self._attach(trainer)

    def _attach(self, trainer: Evaluator) -> None:
        trainer._observers.add(self)
        self._observed.append(trainer)

    def close(self) -> None:
        """Ends the recording; the arrays stay."""
        self._network._recorders.discard(self)
        while self._observed:
            self._observed.pop()._observers.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def clear(self) -> None:
        """Forgets what was recorded."""
        self._batches: list[_Batch] = []

    # ---- while a trainer runs ----

    def _flags(self, learns: bool) -> int:
        signals = _OBSERVE_SIGNALS if self._signals else 0
        return signals | (_OBSERVE_GRADIENTS if self._step_gradients and learns else 0)

    def _see(self, trainer: Any, phase: int, step: int, size: tuple[int, int]) -> None:
        """What the library shows of a trainer at step `step`; size is [T,n]."""
        if phase == _FORWARD and step == 0 or not self._batches:
            self._batches = [*self._batches, _Batch()] if self._every_batch else [_Batch()]
        batch = self._batches[-1]
        if phase in (_FORWARD, _BACKWARD):
            for signal in self._signals:
                if (signal == "error") == (phase == _BACKWARD):
                    for layer in self._layers:
                        batch.read_signal(trainer, layer, signal, step, size)
        elif phase == _UPDATE and self._gradients:
            for layer in self._layers:
                batch.read_gradients(trainer, layer)
        elif phase == _GRADIENT and self._step_gradients:
            for layer in self._layers:
                batch.read_step_gradients(trainer, layer, step, size[0])

    # ---- what was seen ----

    def _joined(self, signal: str) -> dict[str, Floats]:
        import numpy as np
        parts = [batch.arrays[signal] for batch in self._batches if signal in batch.arrays]
        if len(parts) == 1:
            return dict(parts[0])
        return {name: np.concatenate([part[name] for part in parts], axis=1) for name in (parts[0] if parts else ())}

    @property
    def spikes(self) -> dict[str, Floats]:
        """[T,n,...], 0 or 1, by layer."""
        spiking = {layer.name for layer in self._layers if layer.spiking and self._kept["spikes"]}
        return {name: array for name, array in self._joined("output").items() if name in spiking}

    @property
    def membrane(self) -> dict[str, Floats]:
        """[T,n,...], potentials before the threshold test and the reset, by layer."""
        return self._joined("membrane")

    @property
    def trace(self) -> dict[str, Floats]:
        """[T,n,...], presynaptic traces by layer."""
        return self._joined("trace")

    @property
    def output(self) -> dict[str, Floats]:
        """[T,n,...], outputs by layer."""
        return self._joined("output") if self._kept["output"] else {}

    @property
    def error(self) -> dict[str, Floats]:
        """[T,n,...], the method's estimate of the derivative of the loss by the output, by layer."""
        return self._joined("error")

    @property
    def gradients(self) -> dict[str, Floats]:
        """The gradient of the last update of the last batch, by tensor: gradients["fc1.weight"], in its shape."""
        return dict(self._batches[-1].gradients) if self._batches else {}

    @property
    def step_gradients(self) -> dict[str, Floats]:
        """[T,shape of the tensor], what each step of the last batch added, by tensor."""
        return dict(self._batches[-1].step_gradients) if self._batches else {}

    def __repr__(self) -> str:
        kinds = ("spikes", "membrane", "trace", "output", "error", "gradients", "step_gradients")
        names = ", ".join(f"{kind}: {' '.join(seen)}" for kind in kinds if (seen := getattr(self, kind)))
        return f"Recorder({names or 'nothing yet'})"


def _sources(source: Any) -> tuple[Network, list[Evaluator]]:
    """The network that is recorded, and those of its trainers that are."""
    noun = getattr(source, "_noun", None)
    if noun == "network":
        return source, list(source._trainers)
    if noun == "trainer":
        return source.network, [source]
    raise TypeError(f"expected a Network, a Trainer or an Evaluator, got {type(source).__name__}")


def _chosen(network: Network, layers: Iterable[str | Layer] | None) -> list[Layer]:
    if layers is None:
        return network.layers()
    if isinstance(layers, str):
        raise TypeError(f'layers: expected a list of names, ["{layers}"]')
    return [network.layer(layer if isinstance(layer, str) else layer.name) for layer in layers]


class _Layer:
    """What a recorder has to know of a layer."""

    def __init__(self, layer: Layer) -> None:
        info = layer.info()
        self.handle = layer._handle
        self.name, self.shape, self.spiking = layer.name, info.out.tuple(), bool(info.spiking)
        self.tensors = layer._trained()


class _Batch:
    """What was seen of one batch: arrays by signal and layer."""

    def __init__(self) -> None:
        self.arrays: dict[str, dict[str, Floats]] = {}
        self.gradients: dict[str, Floats] = {}
        self.step_gradients: dict[str, Floats] = {}

    def read_signal(self, trainer: Any, layer: _Layer, signal: str, step: int, size: tuple[int, int]) -> None:
        """Not every layer has every signal at every step: where it has none, the array stays 0."""
        try:
            now, pointer = values.empty((size[1], *layer.shape))
            library.snn_trainer_read_signal(trainer, layer.handle, _SIGNALS[signal], pointer, now.size)
        except Error as error:
            if error.code != _UNSUPPORTED:
                raise
            return
        arrays = self.arrays.setdefault(signal, {})
        if layer.name not in arrays:
            arrays[layer.name] = _zeros((*size, *layer.shape))
        arrays[layer.name][step] = now

    def read_gradients(self, trainer: Any, layer: _Layer) -> None:
        for name, shape in layer.tensors:
            self.gradients[f"{layer.name}.{name}"] = read_gradient(trainer, layer.handle, name, shape)

    def read_step_gradients(self, trainer: Any, layer: _Layer, step: int, steps: int) -> None:
        for name, shape in layer.tensors:
            full = f"{layer.name}.{name}"
            if full not in self.step_gradients:
                self.step_gradients[full] = _zeros((steps, *shape))
            self.step_gradients[full][step] = read_gradient(trainer, layer.handle, name, shape)


def _zeros(shape: tuple[int, ...]) -> Floats:
    import numpy as np
    return np.zeros(shape, np.float32)


def read_gradient(trainer: Any, layer: Any, tensor: str, shape: tuple[int, ...]) -> Floats:
    """The gradient of a tensor as it is at the moment."""
    out, pointer = values.empty(shape)
    library.snn_trainer_read_gradient(trainer, layer, tensor.encode(), pointer, out.size)
    return out


class Observers:
    """The recorders of one trainer, for which the library has one observer."""

    def __init__(self, trainer: Any, watch: Watch, learns: bool) -> None:
        self._trainer, self.learns = trainer, learns
        self._recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()
        self._flags: int | None = None      # None: the library has no observer
        self._input = 0     # flag that needs no recorder
        self.callback: Any = OBSERVE_FN(watch.guard(self._look, None))

    def add(self, recorder: Recorder) -> None:
        self._recorders.add(recorder)
        self._tell()

    def discard(self, recorder: Recorder) -> None:
        self._recorders.discard(recorder)

    def watching(self) -> bool:
        """True if there is a recorder, before a batch runs. Those that were closed or forgotten are taken away now:
        the figures and the gradient of the last batch were there until then."""
        if self._flags is not None:
            try:
                self._tell()
            except Error as error:
                if error.code != _STATE:    # in a callback: later
                    raise
        return self._flags is not None

    def _tell(self) -> None:
        flags: int | None = None
        for recorder in list(self._recorders):
            flags = (flags or 0) | recorder._flags(self.learns)
        if flags != self._flags:
            callback = OBSERVE_FN(0) if flags is None else self.callback
            library.snn_trainer_observe(self._trainer, (flags or 0) | self._input, callback, None)
            self._flags = flags

    def want_input(self, wanted: bool) -> None:
        """Whether trainers compute the gradient of the input."""
        flag = _OBSERVE_INPUT if wanted else 0
        if flag == self._input:
            return
        callback = OBSERVE_FN(0) if self._flags is None else self.callback
        library.snn_trainer_observe(self._trainer, (self._flags or 0) | flag, callback, None)
        self._input = flag

    def _look(self, _user: object, _trainer: object, phase: int, step: int) -> None:
        info = TrainerInfo()
        library.snn_trainer_get_info(self._trainer, byref(info))
        if phase == _BACKWARD and info.method not in _DIRECT:
            return      # spide's second stage has steps of its own
        for recorder in list(self._recorders):
            recorder._see(self._trainer, phase, step, (info.steps, info.samples))
