"""Files in the safetensors layout: 8 bytes n, n bytes of JSON, tensors. The library reads its model files, which are
such files, by itself; here are those of other programs."""

from __future__ import annotations

import json
import math
import os
import shutil
import struct
from typing import TYPE_CHECKING, Any, Mapping

from ._structures import LoadReport
from ._types import Array, Floats, Path

if TYPE_CHECKING:
    from ._network import Network

_HEADER_MAX = 1 << 24       # bytes, as in the library
_KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
          "I8": "<i1", "U8": "<u1", "BOOL": "?"}


def _bad(path: Path, why: str) -> ValueError:
    return ValueError(f"{os.fsdecode(path)}: {why}")


def _read_header(file: Any, path: Path) -> dict[str, Any]:
    start = file.read(8)
    size = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    text = file.read(size) if 0 < size <= _HEADER_MAX else b""
    if not text or len(text) != size:
        raise _bad(path, "no file of the safetensors layout, or one that is cut short")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad(path, "the header is no JSON") from None
    if not isinstance(header, dict):
        raise _bad(path, "the header is no JSON object")
    return header


def is_model(path: Path) -> bool:
    """True where the library reads a file, or says what is wrong with it; False for a file of another program."""
    with open(path, "rb") as file:
        try:
            metadata = _read_header(file, path).get("__metadata__")
        except ValueError:
            return True
    return isinstance(metadata, dict) and "snn.format" in metadata


def _numbers(path: Path, name: str, row: Any, data: bytes) -> Array:
    """The numbers of one tensor, checked against the bytes that the file has."""
    import numpy as np
    try:
        kind, shape, (first, last) = row["dtype"], tuple(row["shape"]), row["data_offsets"]
        whole = all(type(n) is int and n >= 0 for n in (*shape, first, last))
    except (TypeError, KeyError, ValueError):
        whole = False
    if not whole or not isinstance(kind, str) or kind not in _KINDS:
        raise _bad(path, f"tensor {name!r}: type, shape or place are wrong, or not known here")
    if last > len(data) or last - first != math.prod(shape) * np.dtype(_KINDS[kind]).itemsize:
        raise _bad(path, f"tensor {name!r}: its place does not hold the numbers of its shape")
    numbers = np.frombuffer(data[first:last], _KINDS[kind]).reshape(shape)
    return (numbers.astype(np.uint32) << 16).view(np.float32) if kind == "BF16" else numbers


def read(path: Path) -> dict[str, Array]:
    """The tensors of a file by name."""
    with open(path, "rb") as file:
        header = _read_header(file, path)
        data = file.read()
    return {name: _numbers(path, name, row, data) for name, row in header.items() if name != "__metadata__"}


def write(path: Path, tensors: Mapping[str, Array]) -> None:
    """Writes float32 tensors under a name beside, which then takes the place of `path`."""
    import numpy as np
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    arrays, at = [np.ascontiguousarray(array, "<f4") for array in tensors.values()], 0
    for name, array, given in zip(tensors, arrays, tensors.values()):
        header[name] = {"dtype": "F32", "shape": list(given.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    target = os.path.realpath(os.fsencode(path))    # a link stays
    if os.path.exists(target) and not os.path.isfile(target):
        raise _bad(path, "it is a folder, a device or a pipe, not a regular file")
    beside = target + b".tmp"
    try:
        with open(beside, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for array in arrays:
                file.write(array.tobytes())
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(target):
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except BaseException:   # Ctrl-C, too
        if os.path.exists(beside):
            os.remove(beside)
        raise


# ---- networks

def tensors_of(network: Network) -> dict[str, Floats]:
    """The tensors of a network, LAYER.TENSOR, over its own memory."""
    return {f"{layer.name}.{name}": layer.tensor(name) for layer in network.layers() for name in layer.tensors()}


def save(network: Network, path: Path) -> None:
    write(path, tensors_of(network.prepare()))


def _renamed(tensors: Mapping[str, Array], names: Mapping[str, str | None], path: Path) -> dict[str, Array]:
    """The tensors under the names that their layers have in the network."""
    layers = {name.rpartition(".")[0] for name in tensors}
    unknown = [layer for layer in names if layer not in layers]
    if unknown:
        raise _bad(path, f"names: there is no layer {unknown[0]!r}")
    out: dict[str, Array] = {}
    for name, numbers in tensors.items():
        layer, _, tensor = name.rpartition(".")
        to = names.get(layer, layer)
        out[f"{name}, which is left out" if to is None else f"{to}.{tensor}"] = numbers
    return out


def fill(places: Mapping[str, Floats], given: Mapping[str, Array], strict: bool, what: str) -> LoadReport:
    """Copies what is of the same name and shape, once all is checked."""
    import numpy as np
    report = LoadReport()
    fits = [name for name in places if name in given and given[name].shape == places[name].shape]
    report.loaded = len(fits)
    report.missing = sum(name not in given for name in places)
    report.mismatched = len(places) - report.loaded - report.missing
    report.unused = sum(name not in fits for name in given)
    if strict and (len(fits) < len(places) or report.unused):
        other = [name for name in [*places, *given] if name not in fits]
        raise ValueError(f"{what}: tensor {other[0]!r} is not on both sides, or of another shape")
    for name in fits:
        if not np.isfinite(given[name]).all():
            raise ValueError(f"{what}: tensor {name!r} holds a number that is not finite")
    for name in fits:
        places[name][...] = given[name]
    return report


def load(network: Network, path: Path, names: Mapping[str, str | None], strict: bool) -> LoadReport:
    places = tensors_of(network.prepare())
    return fill(places, _renamed(read(path), names, path), strict, os.fsdecode(path))
