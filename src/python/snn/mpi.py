"""Training over several processes, by libsnn-mpi: mpirun -n 4 python3 train.py

    import snn
    from snn import mpi

    with mpi.Ranks() as ranks:
        ctx = snn.Context(threads=1, seed=1)
        data = snn.Dataset.open(ctx, "idx", "/usr/share/datasets/fashion-mnist", "train")
        net = snn.Network.build(ctx, "784-800-10", data.shape, data.classes)
        trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1), "ottt", batch=128, ranks=ranks, shards=8)
        trainer.fit(data, 20)
        if ranks.rank == 0:
            net.save("model.snn")

All ranks make the same calls and have the same results, which are those of one process with as many shards.
Importing this module raises ImportError where libsnn-mpi is not there: it lies beside libsnn, or where
SNN_MPI_LIBRARY says."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._handles import Owned
from ._mpi import library

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Ranks", "version"]


def version() -> str:
    """Returns name and version of the MPI that libsnn-mpi is built for."""
    text: bytes = library.snn_mpi_library()
    return text.decode()


class Ranks(Owned):
    """The processes that mpirun has started, or those of a communicator of mpi4py: Ranks(MPI.COMM_WORLD). MPI is
    initialised unless it is by then. All of them make the call, and those of the trainers that they give it to.

    Used by "with": an exception that leaves it on one rank ends them all, which would otherwise wait for it. Within
    it SIGTERM raises KeyboardInterrupt, unless it has a handler: mpirun sends it to the ranks when it gets Ctrl-C."""

    _noun = "mpi"
    _library = library

    def __init__(self, comm: Any = None) -> None:
        self._open = False
        if comm is None:
            self._own(library.snn_mpi_init)
        else:
            from mpi4py import MPI
            self._own(library.snn_mpi_create_from, MPI._addressof(comm), MPI._sizeof(comm))
        table = library.snn_mpi_communicator(self._handle)[0]
        self.rank: int = table.rank
        self.size: int = table.size

    def __enter__(self) -> Self:
        self._open = True
        self._ends = (threading.current_thread() is threading.main_thread() and
                      signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
        if self._ends:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._open = False
        if self._ends:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        status = _status(problem)
        if status and self.size > 1:
            if not isinstance(problem, SystemExit):
                print(f"rank {self.rank} ends all:", file=sys.stderr)
                traceback.print_exception(kind, problem, trace)
            elif not isinstance(problem.code, int):
                print(problem.code, file=sys.stderr)
            self.abort(status)

    def abort(self, status: int = 1) -> None:
        """Ends all ranks at once, with that exit status."""
        sys.stdout.flush()
        sys.stderr.flush()
        library.snn_mpi_abort(self._handle, status)

    def _communicator(self) -> Any:
        """The table of the library, for a trainer."""
        if not self._open:
            raise ValueError('ranks: use them by "with mpi.Ranks() as ranks:", so that a rank that fails ends all')
        return library.snn_mpi_communicator(self._handle)

    def __repr__(self) -> str:
        return f"Ranks(rank={self.rank}, size={self.size})"


def _status(problem: BaseException | None) -> int:
    """The exit status of a program that this exception ends, as Python has it."""
    if problem is None:
        return 0
    if isinstance(problem, SystemExit):
        return problem.code if isinstance(problem.code, int) else int(problem.code is not None)
    return 130 if isinstance(problem, KeyboardInterrupt) else 1
