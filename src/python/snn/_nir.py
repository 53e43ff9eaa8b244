"""libsnn-nir: its structures, and the signatures of its functions."""

from ctypes import POINTER, c_char_p, c_double, c_float, c_int, c_size_t

from ._library import CONTEXT, NETWORK, declare, load, pointer_to
from ._structures import _F64, _U32, _U64, _MaybeText, _Text, _U32x4, Sized, structure

NIR = pointer_to("nir")


@structure
class NirOptions(Sized):
    reserved: _U32
    dt: _F64
    reset: _MaybeText
    decay: _MaybeText
    current: _MaybeText
    timing: _MaybeText
    integrate: _MaybeText
    fire: _MaybeText


@structure
class NirInfo(Sized):
    nodes: _U32
    edges: _U32
    remarks: _U32
    dt: _F64
    reset: _MaybeText
    version: _Text


@structure
class NirNode(Sized):
    rank: _U32
    dim: _U32x4
    numbers: _U64
    name: _Text
    type: _Text
    layer: _MaybeText


@structure
class NirDrift(Sized):
    reserved: _U32
    node: _Text
    layer: _Text
    potential: _F64
    largest: _F64
    spikes: _U64
    differ: _U64


library = declare(load("snn-nir"), {
    "snn_nir_open": (POINTER(NIR), CONTEXT, c_char_p),
    "snn_nir_save": (NIR, c_char_p, c_int),
    "snn_nir_get_info": (NIR, POINTER(NirInfo)),
    "snn_nir_node": (NIR, c_size_t, POINTER(NirNode)),
    "snn_nir_edge": (NIR, c_size_t, POINTER(c_size_t), POINTER(c_size_t), POINTER(c_int)),
    "snn_nir_import": (POINTER(NETWORK), NIR, POINTER(NirOptions)),
    "snn_nir_export": (POINTER(NIR), NETWORK, c_double),
    "snn_nir_run": (NIR, POINTER(NirOptions), POINTER(c_float), c_size_t, POINTER(c_double), c_char_p,
                    POINTER(c_double)),
    "snn_nir_check": (NIR, POINTER(NirOptions), NETWORK, POINTER(c_float), c_size_t, POINTER(NirDrift), c_size_t,
                      POINTER(c_size_t)),
}, {
    "snn_nir_destroy": (None, (NIR,)),
    "snn_nir_remark": (c_char_p, (NIR, c_size_t)),
})
