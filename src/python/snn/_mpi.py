"""libsnn-mpi: the signatures of its functions."""

from ctypes import POINTER, Structure, c_char_p, c_int, c_size_t, c_void_p

from ._library import declare, load, pointer_to
from ._structures import _U32, _Address, structure

MPI = pointer_to("mpi")


@structure
class Communicator(Structure):
    struct_size: _U32
    rank: _U32
    size: _U32
    reserved: _U32
    user: _Address
    all_reduce: _Address
    broadcast: _Address
    barrier: _Address
    start: _Address
    finish: _Address
    reason: _Address


library = declare(load("snn-mpi"), {
    "snn_mpi_init": (POINTER(MPI),),
    "snn_mpi_create_from": (POINTER(MPI), c_void_p, c_size_t),
}, {
    "snn_mpi_destroy": (None, (MPI,)),
    "snn_mpi_communicator": (POINTER(Communicator), (MPI,)),
    "snn_mpi_abort": (None, (MPI, c_int)),
    "snn_mpi_library": (c_char_p, ()),
})
