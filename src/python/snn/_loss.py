"""Loss functions of one's own."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, NamedTuple, Tuple, Union

from . import _arrays as arrays
from ._handles import Watch
from ._library import LAYER, library
from ._structures import LOSS_FN, LayerInfo
from ._types import ArrayLike, Doubles, Floats, Whole

_CANCELLED = -11    # SNN_ERR_CANCELLED


class LossCall(NamedTuple):
    """What a loss is of: the outputs of one step, or what those of all steps come to, with labels or targets. The
    arrays are copies, the function's own."""

    output: Doubles             # [n,outputs]
    labels: Whole | None        # [n], or None with targets
    targets: Floats | None      # [n,outputs], or None with labels
    lengths: Whole | None       # [n], steps of each sample; None: all have `steps`
    step: int                   # of the outputs, from 0; equal to `steps` for what all come to
    steps: int                  # T
    training: bool              # or evaluation
    layer: str                  # the layer that computed the outputs


LossFunction = Callable[[LossCall], Tuple[ArrayLike, Union[ArrayLike, None]]]


def _copy(pointer: Any, shape: tuple[int, ...]) -> Any:
    """A copy of numbers of the library, or None."""
    import numpy as np
    return np.ctypeslib.as_array(pointer, shape).copy() if pointer else None


def _fill(pointer: Any, given: Any, shape: tuple[int, ...], what: str) -> None:
    """Writes what the function returned where the library reads it."""
    import numpy as np
    numbers = arrays.numbers(given, what)
    if numbers.shape not in ((), shape):
        raise ValueError(f"the loss function returned {what} of shape {numbers.shape}; expected {shape}, or one "
                         "number for all")
    np.ctypeslib.as_array(pointer, shape)[...] = numbers


def _name(layer: int) -> str:
    """The name of a layer at an address."""
    info = LayerInfo()
    library.snn_layer_get_info(ctypes.cast(layer, LAYER), ctypes.byref(info))
    return info.name.decode()


def adapt(function: LossFunction, watch: Watch) -> Any:
    """The function as the library calls it."""
    def call(_user: object, given: Any) -> int:
        now = given[0]
        shape = (now.samples, now.outputs)
        returned = function(LossCall(
            _copy(now.output, shape), _copy(now.labels, shape[:1]), _copy(now.targets, shape),
            _copy(now.lengths, shape[:1]), now.step, now.steps, bool(now.training), _name(now.layer)))
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise TypeError("the loss function returned no pair (loss, error), of shapes [n] and [n,outputs], but "
                            f"{type(returned).__name__}")
        _fill(now.loss, returned[0], shape[:1], "a loss")
        if now.error:
            _fill(now.error, returned[1], shape, "an error")
        return 0

    return LOSS_FN(watch.guard(call, _CANCELLED))
