"""What callers pass, checked and in the form that the library takes: numbers, words, paths, samples, labels."""

import ctypes
import operator
import os
from ctypes import POINTER, c_float, c_size_t, c_uint8, c_uint32


def whole(value, what, low=0, high=2**63 - 1):
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


def word(value, what):
    """A name or a text as the library's bytes."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected a str, got {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{what}: {value!r} holds a NUL")
    return value.encode()


def choice(value, table, what):
    """The number that a table has for a name."""
    if value not in table:
        raise ValueError(f"{what}: {value!r} is not one of {', '.join(table)}")
    return table[value]


def setting(value, what):
    """The value of a parameter as text."""
    if isinstance(value, bool):
        return b"1" if value else b"0"
    return word(str(value), what)


def path(value):
    """A path as bytes: str, bytes or PathLike, of any encoding."""
    name = os.fsencode(value)
    if b"\0" in name:
        raise ValueError(f"path {name!r} holds a NUL")
    return name


def sizes(shape, what="shape"):
    """A shape and its rank as C has them."""
    shape = tuple(whole(n, what) for n in shape)
    return (c_size_t * len(shape))(*shape), len(shape)


def floats(array, what="array"):
    """A C-ordered float32 array and a pointer to its numbers."""
    import numpy as np
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what}: expected numbers, got {array.dtype}")
    array = np.ascontiguousarray(array, dtype=np.float32)
    return array, array.ctypes.data_as(POINTER(c_float))


def empty(shape):
    """Room for results, and a pointer to it."""
    import numpy as np
    return floats(np.empty(shape, np.float32))


def exactly(array, shape, what):
    """floats() of an array that must have this shape."""
    array, pointer = floats(array, what)
    if array.shape != tuple(shape):
        raise ValueError(f"{what}: expected shape {tuple(shape)}, got {array.shape}")
    return array, pointer


def samples(array, shape):
    """[n,...] or, with one sample for each step, [T,n,...] for samples of `shape`: array, pointer, frames, n."""
    array, pointer = floats(array, "samples")
    shape, rank = tuple(shape), len(shape)
    if array.ndim not in (rank + 1, rank + 2) or array.shape[-rank:] != shape:
        dims = ",".join(map(str, shape))
        raise ValueError(f"samples have shape {array.shape}; expected [n,{dims}] for all steps or [T,n,{dims}]")
    if array.size == 0:
        raise ValueError(f"samples have shape {array.shape}; expected at least one sample")
    per_step = array.ndim == rank + 2
    return array, pointer, array.shape[0] if per_step else 1, array.shape[-rank - 1]


def _each(array, n, what, low, high):
    """A whole number in [low, high] for each of n samples, as uint32 and a pointer."""
    import numpy as np
    array = np.asarray(array)
    if array.shape != (n,):
        raise ValueError(f"{what}s have shape {array.shape}; expected one number for each of {n} samples")
    if array.dtype.kind not in "iufb" or array.dtype.kind == "f" and not (array == np.floor(array)).all():
        raise ValueError(f"{what}s must be whole numbers, got {array.dtype} such as {array.flat[0]!r}")
    bad = np.flatnonzero((array < low) | (array > high))
    if bad.size:
        raise ValueError(f"{what} {array[bad[0]]} of sample {bad[0]} is not in {low} .. {high}")
    array = np.ascontiguousarray(array, dtype=np.uint32)
    return array, array.ctypes.data_as(POINTER(c_uint32))


def labels(array, n, classes=None):
    """One class number for each of n samples, as uint32 and a pointer; what is not whole, negative or too large is
    refused."""
    import numpy as np
    if np.ndim(array) == 2:
        raise ValueError(f"labels have shape {np.shape(array)}; expected one class number for each of {n} samples; "
                         "argmax(axis=1) turns one-hot rows into class numbers")
    return _each(array, n, "label", 0, (2**32 if classes is None else classes) - 1)


def lengths(array, n, frames):
    """The number of frames of each of n samples, as uint32 and a pointer."""
    return _each(array, n, "length", 1, frames)


def targets(array, shape, axis):
    """One vector for each sample or, along `axis`, one for each step of it: array, pointer, number of those. `shape`
    is [n,numbers]; numbers None: any."""
    array, pointer = floats(array, "targets")
    n, numbers = shape
    per_step = array.ndim == 3
    got = array.shape[:axis] + array.shape[axis + 1:] if per_step else array.shape
    if len(got) != 2 or got[0] != n or numbers not in (None, got[1]) or array.size == 0:
        k = "outputs" if numbers is None else numbers
        steps = f"[{n},T,{k}]" if axis else f"[T,{n},{k}]"
        raise ValueError(f"targets have shape {array.shape}; expected [{n},{k}], or {steps} for each step")
    return array, pointer, array.shape[axis] if per_step else 1


def events(at, n):
    """Indices of events into a flat input of n numbers, as uint32, a pointer and their number."""
    import numpy as np
    at = np.asarray(at)
    if at.size == 0:
        at = at.astype(np.uint32)
    if at.ndim != 1 or at.dtype.kind not in "iu":
        raise ValueError(f"events have shape {at.shape} and type {at.dtype}; expected a list of whole numbers")
    if at.size and (at.min() < 0 or at.max() >= n):
        raise ValueError(f"events lie in {at.min()} .. {at.max()}; expected indices in 0 .. {n - 1}")
    at = np.ascontiguousarray(at, dtype=np.uint32)
    return at, at.ctypes.data_as(POINTER(c_uint32)), at.size


def doubles(values, what):
    """Real numbers as C has them."""
    values = [float(v) for v in values]
    return (ctypes.c_double * len(values))(*values), len(values)


def text(given):
    """A text of the library, or None."""
    return None if given is None else given.decode()


def signs(tensor):
    """Weights of one bit and a scale for each first index, as numbers."""
    import numpy as np
    bits = np.ctypeslib.as_array((c_uint8 * tensor.bytes).from_address(tensor.data))
    sign = 2 * np.unpackbits(bits, count=tensor.length, bitorder="little").astype(np.float32) - 1
    scale = np.ctypeslib.as_array(tensor.scale, (tensor.dim[0], 1))
    out = (scale * sign.reshape(tensor.dim[0], -1)).reshape(tuple(tensor.dim[:tensor.rank]))
    out.setflags(write=False)
    return out
