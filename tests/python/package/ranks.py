"""snn.mpi: several processes train the network that one trains, and one that raises ends them all.

Without arguments the tests; with the name of a program, a rank of it. The environment names the launcher, SNN_MPIRUN,
and a data set, SNN_IDX."""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import snn
from snn import mpi

OVERSUBSCRIBED = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                  "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
                  "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
                  "PRTE_MCA_hwloc_default_binding_policy": "none"}
PATIENT = {"OMPI_MCA_odls_base_sigkill_timeout": "5"}       # seconds from Ctrl-C on


def made(ranks, **settings):
    """A trainer and its data."""
    ctx = snn.Context(threads=1, seed=1)
    data = snn.Dataset.open(ctx, "idx", os.environ["SNN_IDX"], "train", limit=200)
    net = snn.Network.build(ctx, "30-10", data.shape, data.classes)
    trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1), "ottt", batch=25, steps=3, ranks=ranks, shards=4,
                          **settings)
    return trainer, data


# ---- programs: what a rank does

def train(path):
    with mpi.Ranks() as ranks:
        trainer, data = made(ranks)
        best = snn.KeepBest("accuracy", path + ".best")
        history = trainer.fit(data, 3, validation=data, callbacks=[best])
        held = snn.Evaluator(trainer.network, batch=50, steps=3, ranks=ranks, shards=4).evaluate(data)
        pathlib.Path(f"{path}.{ranks.rank}").write_text(f"{history[-1].train.loss} {held.loss}", encoding="ascii")
        if ranks.rank == 0:
            trainer.network.save(path)


def save(path):
    with mpi.Ranks() as ranks:
        trainer, data = made(ranks, send="sign")
        trainer.epoch(data)
        trainer.save(path if ranks.rank == 1 else None)


def raises(_path):
    with mpi.Ranks() as ranks:
        trainer, data = made(ranks)
        if ranks.rank == 1:
            raise RuntimeError("one rank cannot go on")
        trainer.fit(data, 1000)


def leaves(_path):
    with mpi.Ranks() as ranks:
        trainer, data = made(ranks)
        if ranks.rank == 1:
            sys.exit("no licence on this node")
        trainer.fit(data, 1000)


def mpi4py(path):
    from mpi4py import MPI
    with mpi.Ranks(MPI.COMM_WORLD.Split(MPI.COMM_WORLD.rank // 2)) as ranks:
        assert (ranks.rank, ranks.size) == (MPI.COMM_WORLD.rank % 2, 2)
        trainer, data = made(ranks)
        trainer.fit(data, 3)
        if ranks.rank == 0:
            trainer.network.save(f"{path}.{MPI.COMM_WORLD.rank // 2}")


def interrupted(path):
    with mpi.Ranks() as ranks:
        trainer, data = made(ranks)

        def tell(run):
            if run.epoch == 2 and ranks.rank == 0:
                pathlib.Path(path + ".began").touch()
        try:
            trainer.fit(data, 100_000, callbacks=[tell])
        except KeyboardInterrupt:
            if ranks.rank == 0:
                trainer.save(path)


def misuse(_path):
    check = unittest.TestCase()
    ranks = mpi.Ranks()
    check.assertEqual(repr(ranks), "Ranks(rank=0, size=1)")
    with check.assertRaisesRegex(TypeError, "expected a Ranks of snn.mpi, got int"):
        made(1)
    with check.assertRaisesRegex(ValueError, "with mpi.Ranks"):
        made(ranks)
    with check.assertRaisesRegex(RuntimeError, "alone"), ranks:     # of one rank: the exception goes on
        raise RuntimeError("alone")


# ---- the tests

class Ranks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def command(self, n, program, name):
        return [os.environ["SNN_MPIRUN"], "-n", str(n), sys.executable, __file__, program, str(self.folder / name)]

    def start(self, n, program, name="model.snn"):
        return subprocess.run(self.command(n, program, name), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env={**os.environ, **OVERSUBSCRIBED}, timeout=100, check=False)

    def trained(self, n):
        run = self.start(n, "train", f"{n}.snn")
        self.assertEqual(run.returncode, 0, run.stderr)
        figures = {(self.folder / f"{n}.snn.{rank}").read_text(encoding="ascii") for rank in range(n)}
        self.assertEqual(len(figures), 1, figures)      # all ranks have the same results
        return figures, (self.folder / f"{n}.snn").read_bytes(), (self.folder / f"{n}.snn.best").read_bytes()

    def test_same_bits(self):
        one = self.trained(1)
        for n in 2, 3:
            self.assertEqual(self.trained(n), one)
        trainer, data = made(None)      # without MPI
        trainer.fit(data, 3, validation=data, callbacks=[snn.KeepBest("accuracy")])
        trainer.network.save(self.folder / "plain.snn")
        self.assertEqual((self.folder / "plain.snn").read_bytes(), one[1])

    def test_checkpoint_of_all(self):
        run = self.start(3, "save", "all.ckpt")
        self.assertEqual(run.returncode, 0, run.stderr)
        trainer, _data = made(None, send="sign")
        self.assertEqual(trainer.load(self.folder / "all.ckpt").info().epochs, 1)

    def test_exception_ends_all(self):
        run = self.start(3, "raises")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("rank 1 ends all:", run.stderr)
        self.assertIn("RuntimeError: one rank cannot go on", run.stderr)

    def test_exit_ends_all(self):
        run = self.start(3, "leaves")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("no licence on this node", run.stderr)
        self.assertNotIn("Traceback", run.stderr)

    def test_ctrl_c(self):
        path = self.folder / "cut.ckpt"
        with subprocess.Popen(self.command(3, "interrupted", path.name), stdin=subprocess.DEVNULL,
                              env={**os.environ, **OVERSUBSCRIBED, **PATIENT}) as run:
            while not path.with_suffix(".ckpt.began").exists() and run.poll() is None:
                time.sleep(0.02)
            run.send_signal(signal.SIGINT)
            run.wait(60)
        trainer, _data = made(None)
        self.assertGreaterEqual(trainer.load(path).info().epochs, 1)

    def test_mpi4py(self):
        trying = subprocess.run([sys.executable, "-c", "from mpi4py import MPI; print(MPI._sizeof(MPI.Comm))"],
                                capture_output=True, text=True, check=False)
        if trying.returncode != 0 or mpi.version().startswith("Open MPI") != (int(trying.stdout) > 4):
            self.skipTest("no mpi4py of the MPI of libsnn-mpi here")
        run = self.start(4, "mpi4py", "split")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual((self.folder / "split.0").read_bytes(), (self.folder / "split.1").read_bytes())

    def test_misuse(self):
        run = self.start(1, "misuse")
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_structure(self):
        fields = ctypes.sizeof(ctypes.c_void_p) * 7 + 16
        self.assertEqual(ctypes.sizeof(snn._mpi.Communicator), fields)
        self.assertIn("MPI", mpi.version().upper())


if __name__ == "__main__":
    if len(sys.argv) == 3:
        globals()[sys.argv[1]](sys.argv[2])
    else:
        unittest.main(verbosity=2)
