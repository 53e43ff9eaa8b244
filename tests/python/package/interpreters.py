"""The package runs on every Python from 3.9 on that is here, without NumPy: it trains on files.

The environment names the sources, the library and a data set: SNN_SOURCE, SNN_LIBRARY, SNN_IDX."""

import os
import pathlib
import shutil
import subprocess
import sys

PROGRAM = '''
import os, sys
sys.modules["numpy"] = None     # importing it raises
import snn
ctx = snn.Context(threads=1, seed=1)
data = snn.Dataset.open(ctx, "idx", os.environ["SNN_IDX"], "train")
net = snn.Network.build(ctx, "16-10", data.shape, data.classes)
trainer = snn.Trainer(net, snn.Optimizer(ctx, "sgd", lr=0.1), "ottt", batch=16, steps=2)
print(sys.version.split()[0], trainer.epoch(data).loss)
'''


def interpreters():
    """The newest of each minor version, of the path and of pyenv."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    found = {}
    for minor in range(9, 20):
        there = sorted(pyenv.glob(f"versions/3.{minor}.*/bin/python3"))
        path = there[-1] if there else shutil.which(f"python3.{minor}")
        if path:
            found[minor] = str(path)
    found.setdefault(sys.version_info.minor, sys.executable)
    return found.values()


def main():
    losses = set()
    for python in interpreters():
        run = subprocess.run([python, "-W", "error", "-c", PROGRAM], stdout=subprocess.PIPE, text=True, check=True)
        version, loss = run.stdout.split()
        print(f"Python {version}: loss {loss}")
        losses.add(loss)
    if len(losses) != 1:
        sys.exit("they differ")


main()
