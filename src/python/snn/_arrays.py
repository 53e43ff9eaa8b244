"""Arrays of others, as NumPy arrays over the same memory wherever that is possible."""

from __future__ import annotations

from typing import Any

from ._types import Array

_HOST = (1, 3)      # devices of DLPack whose memory the processor reads: itself, CUDA's pinned memory


class _Plain:
    """NumPy's array, and the number that the library computes with, once NumPy is loaded: with the first array."""

    ndarray: Any = None
    float32: Any = None


def is_float32(given: Any) -> bool:
    """True for an array of float32 in C order, which the library reads as it is."""
    return type(given) is _Plain.ndarray and given.dtype is _Plain.float32 and given.flags.c_contiguous


def array(given: Any, what: str) -> Array:
    """NumPy arrays as they are; arrays and tensors with DLPack or the buffer protocol as arrays over their memory;
    lists copied."""
    import numpy as np
    if _Plain.ndarray is None:
        _Plain.ndarray, _Plain.float32 = np.ndarray, np.dtype(np.float32)
    if given is None:
        raise TypeError(f"{what}: expected numbers, got None")
    if isinstance(given, np.ma.MaskedArray):
        raise TypeError(f"{what}: a masked array, whose mask is not seen here; filled() gives values for it")
    if isinstance(given, np.ndarray):
        return given
    if hasattr(given, "toarray"):
        raise TypeError(f"{what}: a sparse matrix; toarray() makes it a dense one")
    if hasattr(given, "__dlpack_device__"):
        try:
            kind = int(given.__dlpack_device__()[0])
        except (RuntimeError, ValueError) as problem:       # of torch's "meta", where there are no numbers
            raise TypeError(f"{what}: {problem}; numbers have to lie in the processor's memory") from problem
        if kind not in _HOST:
            raise TypeError(f"{what}: the array lies on another device (DLPack's number {kind}); bring it to the "
                            "processor's memory first, as cpu() does")
    return _borrowed(given, what)


def _borrowed(given: Any, what: str) -> Array:
    """The array of a `given` that is none of NumPy's. Types that DLPack does not know may have another way."""
    import numpy as np
    if hasattr(given, "__dlpack__"):
        try:
            return np.from_dlpack(given)
        except (BufferError, RuntimeError, TypeError, ValueError):
            pass
    try:
        return np.asarray(given)
    except ValueError as problem:       # rows of several lengths
        raise ValueError(f"{what}: {problem}") from problem
    except (RuntimeError, TypeError) as problem:
        raise TypeError(f"{what}: {problem}") from problem


def numbers(given: Any, what: str) -> Array:
    """array() of numbers."""
    import numpy as np
    out = array(given, what)
    if out.dtype.kind == "O":
        try:
            out = out.astype(np.float64)    # decimals, fractions, columns of several types
        except (TypeError, ValueError) as problem:
            raise TypeError(f"{what}: expected numbers; {problem}") from problem
    if out.dtype.kind not in "fiub":
        raise TypeError(f"{what}: expected numbers, got {out.dtype}")
    return out


def scaled(given: Any, what: str) -> Array:
    """Samples as float32: bytes as images, 0 .. 255 as 0 .. 1, as the library's readers scale them; all other types
    as the numbers that they are."""
    import numpy as np
    out = numbers(given, what)
    if out.dtype == np.uint8:
        return np.divide(out, np.float32(255), dtype=np.float32)
    return np.asarray(out, np.float32)
