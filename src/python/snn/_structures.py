"""The structures of the library's headers. A field's hint says both what Python sees and what C has there."""

import ctypes
from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int, c_int32, c_int64, c_size_t,
                    c_uint32, c_uint64, c_void_p)
from typing import Annotated, Any, Dict, Optional, Tuple, Type, TypeVar

from . import _show as show

_U32 = Annotated[int, c_uint32]
_U64 = Annotated[int, c_uint64]
_I32 = Annotated[int, c_int32]
_I64 = Annotated[int, c_int64]
_F64 = Annotated[float, c_double]
_Size = Annotated[int, c_size_t]
_Text = Annotated[bytes, c_char_p]
_MaybeText = Annotated[Optional[bytes], c_char_p]
_Address = Annotated[Optional[int], c_void_p]
_Memory = Annotated[int, c_void_p]
_Floats = Annotated[Any, POINTER(c_float)]
_Doubles = Annotated[Any, POINTER(c_double)]
_Whole = Annotated[Any, POINTER(c_uint32)]
_U32x3 = Annotated["ctypes.Array[c_uint32]", c_uint32 * 3]
_U32x4 = Annotated["ctypes.Array[c_uint32]", c_uint32 * 4]
_Sizex3 = Annotated["ctypes.Array[c_size_t]", c_size_t * 3]

_Kind = TypeVar("_Kind", bound=Type[Structure])


def structure(kind: _Kind) -> _Kind:
    """Makes the fields of a structure of its hints."""
    kind._fields_ = [(name, getattr(hint, "__metadata__", [hint])[0]) for name, hint in kind.__annotations__.items()]
    return kind


@structure
class Shape(Structure):
    rank: _U32
    dim: _U32x3

    def tuple(self) -> Tuple[int, ...]:
        return tuple(self.dim[:self.rank])


_ADDRESSES = (c_void_p, ctypes._Pointer)


def _plain(value: Any) -> Any:
    """A field as Python has such values."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Shape):
        return value.tuple()
    return tuple(value) if isinstance(value, ctypes.Array) else value


@structure
class Sized(Structure):
    """A structure that begins with its size, which the caller sets, and that the library then fills."""
    struct_size: _U32

    def __init__(self) -> None:
        self.struct_size = ctypes.sizeof(self)

    def as_dict(self) -> Dict[str, Any]:
        """The fields by name, texts as str and shapes as tuples: without addresses, and without figures that nothing
        was measured for."""
        out = {}
        for name, kind in self._fields_:
            value = _plain(getattr(self, name))
            if name != "reserved" and not issubclass(kind, _ADDRESSES) and self._says(name, value):
                out[name] = value
        return out

    def _says(self, name: str, value: object) -> bool:
        return value == value   # not NaN

    def hold(self) -> None:
        """Holds its texts itself: the library may free its own before this structure goes."""
        for name, kind in self._fields_:
            if kind is c_char_p:
                setattr(self, name, getattr(self, name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({show.fields(self.as_dict())})"


@structure
class ContextOptions(Structure):
    struct_size: _U32
    threads: _U32
    seed: _U64
    allocate: _Address
    release: _Address
    allocator_user: _Address
    log: _Address
    log_user: _Address
    isa: _MaybeText
    product_table: _MaybeText


@structure
class ContextInfo(Sized):
    threads: _U32
    seed: _U64
    isa: _Text
    bytes: _U64
    peak_bytes: _U64
    allocations: _U64


@structure
class ParamInfo(Sized):
    key: _I32
    type: _I32
    reserved: _U32
    name: _Text
    help: _Text
    choices: _MaybeText
    min: _F64
    max: _F64
    number: _F64
    text: _MaybeText


@structure
class TensorInfo(Sized):
    rank: _U32
    dim: _U32x4
    length: _U64
    bytes: _U64
    element: _U32
    trained: _U32
    name: _Text
    data: _Memory
    scale: _Floats


@structure
class LayerInfo(Sized):
    index: _U32
    name: _Text
    type: _Text
    in_: Shape
    out: Shape
    parameters: _U64
    tensors: _U32
    inputs: _U32
    spiking: _U32
    reserved: _U32


@structure
class NetworkInfo(Sized):
    layers: _U32
    in_: Shape
    out: Shape
    parameters: _U64
    parameter_bytes: _U64
    prepared: _U32
    reserved: _U32
    context: _Address


@structure
class ModelInfo(Sized):
    format: _U32
    checkpoint: _U32
    packed: _U32
    tensors: _U64
    tensor_bytes: _U64
    architecture: _Text
    context: _Address


@structure
class DatasetInfo(Sized):
    rank: _U32
    shape: _Sizex3
    count: _Size
    classes: _Size
    frames: _Size
    targets: _Size
    target_frames: _Size
    context: _Address


@structure
class DatasetFiles(Structure):
    struct_size: _U32
    split: _U32
    format: _MaybeText
    path: _MaybeText
    limit: _Size
    series: _U32
    last: _U32
    window: _Size
    stride: _Size
    inputs: _MaybeText
    targets: _MaybeText
    sequence: _MaybeText
    rank: _Size
    labels: _MaybeText
    label_steps: _Size


@structure
class TrainerInfo(Sized):
    prepared: _U32
    method: _MaybeText
    context: _Address
    network: _Address
    optimizer: _Address
    projection: _Address
    teacher: _Address
    batch: _U64
    steps: _U64
    epochs: _U64
    updates: _U64
    bytes: _U64
    samples: _U64


_ALWAYS = {"samples", "loss", "accuracy", "seconds", "firing_rate", "samples_per_second", "squared_error", "r2",
           "smape", "top5"}


@structure
class Metrics(Sized):
    reserved: _U32
    samples: _U64
    loss: _F64
    accuracy: _F64
    seconds: _F64
    learning_rate: _F64
    gradient_norm: _F64
    firing_rate: _F64
    synops_dense: _F64
    synops_mac: _F64
    synops_ac: _F64
    solver_residual: _F64
    solver_iterations: _F64
    solver_failures: _U64
    equilibrium_gap: _F64
    backward_rate: _F64
    samples_per_second: _F64
    squared_error: _F64
    r2: _F64
    smape: _F64
    top5: _F64

    def _says(self, name: str, value: object) -> bool:
        """Figures of certain methods and calls are 0 elsewhere."""
        return value == value and (value != 0 or name in _ALWAYS)


@structure
class LayerMetrics(Sized):
    reserved: _U32
    firing_rate: _F64
    synops_dense: _F64
    synops_mac: _F64
    synops_ac: _F64
    backward_rate: _F64


class LayerTable(Dict[str, LayerMetrics]):
    """Metrics by the name of the layer, which are shown as a table."""

    def __repr__(self) -> str:
        kinds = [name for name in ("firing_rate", "synops_dense", "synops_mac", "synops_ac", "backward_rate")
                 if any(getattr(metrics, name) for metrics in self.values())]
        rows = [(layer, *(show.figure(getattr(metrics, name)) for name in kinds)) for layer, metrics in self.items()
                if any(getattr(metrics, name) for name in kinds)]
        return show.table(("layer", *(kind.replace("_", " ") for kind in kinds)), rows, len(kinds))


@structure
class Progress(Sized):
    training: _U32
    epoch: _U64
    done: _U64
    total: _U64
    loss: _F64
    accuracy: _F64
    seconds: _F64
    squared_error: _F64
    r2: _F64


@structure
class LoadOptions(Sized):
    strict: _U32
    names: _MaybeText


@structure
class LoadReport(Sized):
    """What Network.load_tensors() found: numbers of tensors `loaded`, `missing` in the file, `mismatched` in shape,
    and of the file's that are `unused`."""
    reserved: _U32
    loaded: _U64
    missing: _U64
    mismatched: _U64
    unused: _U64


@structure
class ProjectionInfo(Sized):
    reserved: _U32
    inputs: _U64
    rows: _U64
    frozen: _U64
    lr: _F64


@structure
class ContinualInfo(Sized):
    reserved: _U32
    tasks: _U64
    begun: _U64
    ended: _U64
    acc: _F64
    bwt: _F64


@structure
class Sample(Sized):
    label: _U32
    x: _Floats
    target: _Floats
    length: _U64
    seed: _U64


@structure
class LossCall(Structure):
    struct_size: _U32
    training: _U32
    layer: _Address
    step: _Size
    steps: _Size
    samples: _Size
    outputs: _Size
    output: _Doubles
    labels: _Whole
    targets: _Floats
    lengths: _Whole
    loss: _Doubles
    error: _Doubles


READ_FN = CFUNCTYPE(c_int, c_void_p, c_size_t, c_size_t, POINTER(Sample))
OBSERVE_FN = CFUNCTYPE(None, c_void_p, c_void_p, c_int, c_size_t)
LOSS_FN = CFUNCTYPE(c_int, c_void_p, POINTER(LossCall))
PROGRESS_FN = CFUNCTYPE(c_int, c_void_p, POINTER(Progress))

_Read = Annotated[Any, READ_FN]


@structure
class DatasetSource(Structure):
    struct_size: _U32
    rank: _U32
    shape: _Sizex3
    count: _Size
    classes: _Size
    frames: _Size
    read: _Read
    close: _Address
    user: _Address
    targets: _Size
    target_frames: _Size
    label: _Address
    ahead: _Address


@structure
class Batch(Sized):
    reserved: _U32
    samples: _Size
    frames: _Size
    x: _Address
    labels: _Address
    targets: _Address
    target_frames: _Size
    lengths: _Address
