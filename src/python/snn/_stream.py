"""Streams: one time step at a time."""

from __future__ import annotations

import ctypes
import math
from ctypes import byref, c_double, c_size_t
from typing import Any, Callable

from . import _arrays as arrays
from . import _values as values
from ._handles import calling_back, handle
from ._library import STREAM, failure, library
from ._network import Network
from ._trainer import Trainer
from ._types import ArrayLike, Floats


class Stream:
    """Runs one time step at a time. Stream(network) only runs; Stream(trainer), with batch=1 and steps=1, also
    learns. The neurons keep their state."""

    def __init__(self, source: Network | Trainer) -> None:
        self._handle: Any = STREAM()
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
        # A step takes microseconds. The library reads and writes here, so that no pointer is made in one, and its
        # function is another one than library.snn_stream_step: one that checks neither arguments nor status.
        self._sample, self._x = values.empty(self._in)
        self._output, self._y = values.empty(self._out)
        self._step = library["snn_stream_step"]

    def step(self, x: ArrayLike) -> Floats:
        """Runs one step on one sample of the network's input, and returns the output, an array of the caller's."""
        room: Any = self._sample
        given: Any = x
        if type(given) is not type(room) or given.dtype is not room.dtype:
            given = arrays.scaled(x, "a sample")
        if given.shape != self._in:
            raise ValueError(f"a sample: expected shape {self._in}, got {given.shape}")
        room[...] = given
        status = self._step(self._handle, self._x, self._y)
        if status:
            raise failure(status)
        return self._output.copy()

    def step_events(self, at: ArrayLike) -> Floats:
        """Runs one step on a list of events, indices into the flat input, and returns the output."""
        _at, indices, n = values.events(at, math.prod(self._in))
        library.snn_stream_step_events(self._handle, indices, n, self._y)
        return self._output.copy()

    def learn(self, error: ArrayLike) -> None:
        """Trains on the last step, given the derivative of a loss by its output."""
        _error, numbers = values.exactly(error, self._out, "an error")
        library.snn_stream_learn(self._handle, numbers)

    def _learn(self, call: Callable[..., object], *arguments: object) -> None:
        """Makes a call in which a loss function of the trainer may be called."""
        if isinstance(self._source, Trainer) and self._source._loss is not None:
            calling_back([self._source._watch], call, self._handle, *arguments)
        else:
            call(self._handle, *arguments)

    def learn_label(self, label: int) -> float:
        """Trains on the last step with a label, and returns the loss."""
        loss = c_double()
        self._learn(library.snn_stream_learn_label, values.whole(label, "label", high=2**32 - 1), byref(loss))
        return loss.value

    def learn_target(self, target: ArrayLike) -> float:
        """Trains on the last step with the desired output, and returns the loss."""
        loss, (_target, numbers) = c_double(), values.exactly(target, self._out, "a target")
        self._learn(library.snn_stream_learn_target, numbers, byref(loss))
        return loss.value

    def reset(self) -> None:
        """Resets the stream to the state before its first step."""
        library.snn_stream_reset(self._handle)

    def refresh(self) -> None:
        """Takes over the present weights of the network."""
        library.snn_stream_refresh(self._handle)

    @property
    def state(self) -> bytes:
        """The state as bytes, which together with the weights determines the next step. Assigning it restores it,
        here or in a stream of a network built alike. Between a stream that runs and one that learns, traces begin at
        zero."""
        size = c_size_t()
        start = library.snn_stream_state(self._handle, byref(size))
        if not start:
            library.snn_stream_reset(self._handle)  # says why: the trainer ended it
        return ctypes.string_at(start, size.value)

    @state.setter
    def state(self, saved: bytes) -> None:
        if not isinstance(saved, (bytes, bytearray, memoryview)):
            raise TypeError(f"state: expected the bytes that a stream gave, got {type(saved).__name__}")
        library.snn_stream_set_state(self._handle, bytes(saved), len(saved))
