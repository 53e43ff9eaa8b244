"""What callers pass, checked and in the form that the library takes: numbers, words, paths, samples, labels."""

from __future__ import annotations

import ctypes
import math
import operator
import os
from ctypes import POINTER, c_float, c_size_t, c_uint8, c_uint32
from typing import Any, Iterable, Mapping, Sequence, TypeVar

from . import _arrays as arrays
from ._structures import TensorInfo
from ._types import Array, ArrayLike, Floats, Path, Whole

_Row = TypeVar("_Row")


def whole(value: Any, what: str, low: int = 0, high: int = 2**63 - 1) -> int:
    """A whole number in [low, high]. ctypes alone would cut off what does not fit."""
    if isinstance(value, bool):
        raise TypeError(f"{what}: {value} is not a number")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what}: {value!r} is not a whole number") from None
    if not low <= number <= high:
        raise ValueError(f"{what}: {number} is outside {low} .. {high}")
    return number


def real(value: Any, what: str, low: float) -> float:
    """A finite number of at least `low`."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{what}: {value!r} is not a number") from None
    if not low <= number < math.inf:
        raise ValueError(f"{what}: {number} is not a finite number of at least {low}")
    return number


def word(value: object, what: str) -> bytes:
    """A name or a text as the library's bytes."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected a str, got {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{what}: {value!r} holds a NUL")
    return value.encode()


def choice(value: str, table: Mapping[str, _Row], what: str) -> _Row:
    """The row that a table has for a name."""
    if value not in table:
        raise ValueError(f"{what}: {value!r} is not one of {', '.join(table)}")
    return table[value]


def setting(value: object, what: str) -> bytes:
    """The value of a parameter as text."""
    if isinstance(value, bool):
        return b"1" if value else b"0"
    return word(str(value), what)


def path(value: Path) -> bytes:
    """A path as bytes: str, bytes or PathLike, of any encoding."""
    name = os.fsencode(value)
    if b"\0" in name:
        raise ValueError(f"path {name!r} holds a NUL")
    return name


def sizes(shape: Iterable[int], what: str = "shape") -> tuple[ctypes.Array[c_size_t], int]:
    """A shape and its rank as C has them."""
    try:
        numbers = [whole(n, what) for n in shape]
    except TypeError as problem:
        raise TypeError(f"{what}: expected whole numbers such as (1, 28, 28), got {shape!r}") from problem
    return (c_size_t * len(numbers))(*numbers), len(numbers)


def in_order(array: Array) -> Floats:
    """The array as float32 in C order, itself if it is."""
    import numpy as np
    return array if arrays.is_float32(array) else np.asarray(array, np.float32, "C")


def floats(array: ArrayLike, what: str = "array") -> tuple[Floats, Any]:
    """A C-ordered float32 array and a pointer to its numbers."""
    out = in_order(arrays.numbers(array, what))
    return out, out.ctypes.data_as(POINTER(c_float))


def empty(shape: tuple[int, ...]) -> tuple[Floats, Any]:
    """Room for results, and a pointer to it."""
    import numpy as np
    return floats(np.empty(shape, np.float32))


def exactly(array: ArrayLike, shape: Sequence[int], what: str) -> tuple[Floats, Any]:
    """floats() of an array that must have this shape."""
    out, pointer = floats(array, what)
    if out.shape != tuple(shape):
        raise ValueError(f"{what}: expected shape {tuple(shape)}, got {out.shape}")
    return out, pointer


def axis(time_axis: Any) -> int:
    """The axis of time in arrays with a sample for each step."""
    if time_axis not in (0, 1):
        raise ValueError(f"time_axis: {time_axis!r} is neither 0, for [T,n,...], nor 1, for [n,T,...]")
    return int(time_axis)


def samples(array: ArrayLike, shape: tuple[int, ...], time_axis: int = 0) -> tuple[Floats, int, int]:
    """[n,...] or, with one sample for each step, [T,n,...] or [n,T,...] for samples of `shape`: array in the first
    order, frames, n."""
    given: Any = array if arrays.is_float32(array) else arrays.scaled(array, "samples")
    rank, time_axis = len(shape), axis(time_axis)
    per_step = given.ndim == rank + 2
    if not per_step and given.ndim != rank + 1 or given.shape[-rank:] != shape:
        dims = ",".join(map(str, shape))
        raise ValueError(f"samples have shape {given.shape}; expected [n,{dims}] for all steps or "
                         f"{'[n,T' if time_axis else '[T,n'},{dims}]")
    if given.size == 0:
        raise ValueError(f"samples have shape {given.shape}; expected at least one sample")
    if per_step and time_axis:
        given = given.swapaxes(0, 1)
    out = in_order(given)
    return out, out.shape[0] if per_step else 1, out.shape[-rank - 1]


def _each(given: Array, n: int, what: str, low: int, high: int) -> Whole:
    """A whole number in [low, high] for each of n samples, as uint32."""
    import numpy as np
    if given.shape != (n,):
        raise ValueError(f"{what}s have shape {given.shape}; expected one number for each of {n} samples"
                         " (time_axis says which axis of the samples is time)")
    if given.dtype.kind not in "iufb" or given.dtype.kind == "f" and not (given == np.floor(given)).all():
        raise ValueError(f"{what}s must be whole numbers, got {given.dtype} such as {given.flat[0]!r}")
    numbers = given.tolist()    # a hundred numbers are compared faster by Python than by NumPy
    if not (min(numbers) >= low and max(numbers) <= high):
        bad = np.flatnonzero((given < low) | (given > high))[0]
        raise ValueError(f"{what} {given[bad]} of sample {bad} is not in {low} .. {high}")
    return np.ascontiguousarray(given, dtype=np.uint32)


def labels(array: ArrayLike, n: int, classes: int | None = None) -> Whole:
    """One class number for each of n samples, as uint32; what is not whole, negative or too large is refused."""
    given = arrays.array(array, "labels")
    if given.ndim == 2:
        raise ValueError(f"labels have shape {given.shape}; expected one class number for each of {n} samples; "
                         "argmax(axis=1) turns one-hot rows into class numbers")
    return _each(given, n, "label", 0, (2**32 if classes is None else classes) - 1)


def lengths(array: ArrayLike, n: int, frames: int) -> Whole:
    """The number of frames of each of n samples, as uint32."""
    return _each(arrays.array(array, "lengths"), n, "length", 1, frames)


def step_labels(array: ArrayLike, n: int, time_axis: int, wanted: int, classes: int | None) -> tuple[Whole, int]:
    """One class number for each step of n samples, as uint32 with time along the axis `wanted`, and the number of
    steps."""
    given = arrays.array(array, "step_labels")
    if given.ndim != 2 or given.shape[1 - time_axis] != n or given.size == 0:
        steps = f"[{n},T]" if time_axis else f"[T,{n}]"
        raise ValueError(f"step_labels have shape {given.shape}; expected {steps}")
    if time_axis != wanted:
        given = given.swapaxes(0, 1)
    flat = _each(given.reshape(-1), given.size, "label", 0, (2**32 if classes is None else classes) - 1)
    return flat.reshape(given.shape), given.shape[wanted]


def either(labels: object, targets: object, step_labels: object = None) -> None:
    """Samples have labels or targets, or their steps have labels."""
    if sum(given is not None for given in (labels, targets, step_labels)) != 1:
        raise TypeError("expected either labels, targets or step_labels")


def targets(array: ArrayLike, shape: tuple[int, int | None], time_axis: int, wanted: int) -> tuple[Floats, int]:
    """One vector for each sample or, along the axis of time, one for each step of it: array with time along the axis
    `wanted`, number of steps. `shape` is [n,numbers]; numbers None: any."""
    given = arrays.numbers(array, "targets")
    n, numbers = shape
    per_step = given.ndim == 3
    got = given.shape[:time_axis] + given.shape[time_axis + 1:] if per_step else given.shape
    if len(got) != 2 or got[0] != n or numbers not in (None, got[1]) or given.size == 0:
        k = "outputs" if numbers is None else numbers
        steps = f"[{n},T,{k}]" if time_axis else f"[T,{n},{k}]"
        raise ValueError(f"targets have shape {given.shape}; expected [{n},{k}], or {steps} for each step")
    if per_step and time_axis != wanted:
        given = given.swapaxes(0, 1)
    out = in_order(given)
    return out, out.shape[wanted] if per_step else 1


def events(at: ArrayLike, n: int) -> tuple[Whole, Any, int]:
    """Indices of events into a flat input of n numbers, as uint32, a pointer and their number."""
    import numpy as np
    given = np.asarray(at)
    if given.size == 0:
        given = given.astype(np.uint32)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise ValueError(f"events have shape {given.shape} and type {given.dtype}; expected a list of whole numbers")
    if given.size and (given.min() < 0 or given.max() >= n):
        raise ValueError(f"events lie in {given.min()} .. {given.max()}; expected indices in 0 .. {n - 1}")
    out = np.ascontiguousarray(given, dtype=np.uint32)
    return out, out.ctypes.data_as(POINTER(c_uint32)), out.size


def doubles(values: Iterable[float]) -> tuple[ctypes.Array[ctypes.c_double], int]:
    """Real numbers as C has them."""
    numbers = [float(v) for v in values]
    return (ctypes.c_double * len(numbers))(*numbers), len(numbers)


def text(given: bytes | None) -> str | None:
    """A text of the library, or None."""
    return None if given is None else given.decode()


def signs(tensor: TensorInfo) -> Floats:
    """Weights of one bit and a scale for each first index, as numbers."""
    import numpy as np
    bits = np.ctypeslib.as_array((c_uint8 * tensor.bytes).from_address(tensor.data))
    sign = 2 * np.unpackbits(bits, count=tensor.length, bitorder="little").astype(np.float32) - 1
    scale = np.ctypeslib.as_array(tensor.scale, (tensor.dim[0], 1))
    out: Floats = (scale * sign.reshape(tensor.dim[0], -1)).reshape(tuple(tensor.dim[:tensor.rank]))
    out.setflags(write=False)
    return out
